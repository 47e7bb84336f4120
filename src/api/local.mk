noinst_LIBRARIES += libitnapi.a
libitnapi_a_SOURCES =
