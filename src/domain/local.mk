noinst_LIBRARIES += libitndomain.a
libitndomain_a_SOURCES =
