noinst_LIBRARIES += libitnengine.a
libitnengine_a_SOURCES =
