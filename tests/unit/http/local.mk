include tests/fcgi/local.mk
