# ITN_PKG_CONFIG
# Finds pkg-config, in words that say what to install when it is missing.
AC_DEFUN([ITN_PKG_CONFIG], [
m4_ifndef([PKG_PROG_PKG_CONFIG], [m4_fatal([pkg-config is missing; on Debian: apt-get install pkg-config])])
PKG_PROG_PKG_CONFIG
AS_IF([test -z "$PKG_CONFIG"], [AC_MSG_ERROR([pkg-config is missing; on Debian: apt-get install pkg-config])])
itn_missing=
])

# ITN_AS_SYSTEM(NAME)
# Turns -I of NAME_CFLAGS into -isystem: warnings are for our own code.
AC_DEFUN([ITN_AS_SYSTEM], [
$1_CFLAGS=`AS_ECHO([" $$1_CFLAGS"]) | sed 's/ -I */ -isystem /g'`
])

# ITN_LIBRARY(NAME, MODULE, DEBIAN-PACKAGE)
AC_DEFUN([ITN_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2], [ITN_AS_SYSTEM([$1])], [itn_missing="$itn_missing $3"])
])

# ITN_LIBRARY_WITHOUT_PC(NAME, LIBRARY, FUNCTION, HEADER, DEBIAN-PACKAGE)
AC_DEFUN([ITN_LIBRARY_WITHOUT_PC], [
itn_found=yes
AC_CHECK_HEADER([$4], [], [itn_found=no])
AC_CHECK_LIB([$2], [$3], [$1_LIBS=-l$2], [itn_found=no])
AS_IF([test $itn_found = no], [itn_missing="$itn_missing $5"])
AC_SUBST([$1_LIBS])
])

# ITN_LIBRARIES_END
# One sentence for everything that is missing.
AC_DEFUN([ITN_LIBRARIES_END], [
AS_IF([test -n "$itn_missing"],
	[AC_MSG_ERROR([libraries are missing; on Debian: apt-get install$itn_missing])])
])

# ITN_TEST_LIBRARY(NAME, MODULE)
# Wanted by `make check` only.
AC_DEFUN([ITN_TEST_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2], [ITN_AS_SYSTEM([$1]) itn_have_$1=yes], [itn_have_$1=no])
AM_CONDITIONAL([HAVE_$1], [test $itn_have_$1 = yes])
])

# ITN_COMPILER_FLAGS
# WARNING_FLAGS, SANITIZE_FLAGS and the switches that change them.
AC_DEFUN([ITN_COMPILER_FLAGS], [
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors])], [], [enable_werror=no])
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers], [AddressSanitizer and UndefinedBehaviorSanitizer])],
	[], [enable_sanitizers=no])
AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan], [ThreadSanitizer])], [], [enable_tsan=no])
AS_IF([test "$enable_sanitizers" != no && test "$enable_tsan" != no],
	[AC_MSG_ERROR([--enable-sanitizers and --enable-tsan exclude each other])])
WARNING_FLAGS="-Wall -Wextra -Wconversion"
AS_IF([test "$enable_werror" != no], [WARNING_FLAGS="$WARNING_FLAGS -Werror"])
SANITIZE_FLAGS=
AS_IF([test "$enable_sanitizers" != no],
	[SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"])
AS_IF([test "$enable_tsan" != no], [SANITIZE_FLAGS="-fsanitize=thread -fno-omit-frame-pointer"])
AM_CONDITIONAL([TSAN], [test "$enable_tsan" != no])
AC_SUBST([WARNING_FLAGS])
AC_SUBST([SANITIZE_FLAGS])
THREAD_FLAGS=-pthread
AC_SUBST([THREAD_FLAGS])
])

# ITN_SYSTEMD_UNITS
# Where units are installed: below the prefix (systemd reads /usr and /usr/local), where pkg-config says, or nowhere.
AC_DEFUN([ITN_SYSTEMD_UNITS], [
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir@<:@=DIR@:>@],
		[folder of systemd's units (PREFIX/lib/systemd/system; without DIR: where pkg-config says)])],
	[], [with_systemdsystemunitdir='${prefix}/lib/systemd/system'])
AS_IF([test "$with_systemdsystemunitdir" = yes], [
	with_systemdsystemunitdir=`$PKG_CONFIG --variable=systemdsystemunitdir systemd`
	AS_IF([test -z "$with_systemdsystemunitdir"], [AC_MSG_ERROR([pkg-config does not know systemd; on Debian: apt-get install systemd])])])
AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])
AM_CONDITIONAL([SYSTEMD_UNITS], [test "$with_systemdsystemunitdir" != no])
])
