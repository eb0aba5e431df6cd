/* Fails the k-th call of one kind in the program that it is loaded into.
 *
 * In:  FAIL_CALL: write, open, fsync or rename; FAIL_AT: which one, from 1, or 0 to count alone; FAIL_COUNT: a file.
 * Out: the call answers "no space" (write), "too many open files" (open) or "input/output error" without being made;
 *      FAIL_COUNT holds how many there were, when the program ends by itself.
 * Law: counted over all threads together, so that every call fails once. What goes to the terminal is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long seen;

static int fails(const char *call) {
    const char *wanted = getenv("FAIL_CALL");
    const char *at = getenv("FAIL_AT");
    if (!wanted || !at || strcmp(wanted, call) != 0) return 0;
    return atomic_fetch_add(&seen, 1) + 1 == atol(at);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE(call, number)  \
    if (fails(call)) {        \
        errno = number;       \
        return -1;            \
    }

ssize_t write(int file, const void *bytes, size_t length) {
    if (file > 2) REFUSE("write", ENOSPC)
    return REAL(write)(file, bytes, length);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (file > 2) REFUSE("write", ENOSPC)
    return REAL(writev)(file, parts, count);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    REFUSE("write", ENOSPC)
    return REAL(pwrite)(file, bytes, length, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    REFUSE("write", ENOSPC)
    return REAL(pwrite64)(file, bytes, length, at);
}

int fsync(int file) {
    REFUSE("fsync", EIO)
    return REAL(fsync)(file);
}

int fdatasync(int file) {
    REFUSE("fsync", EIO)
    return REAL(fdatasync)(file);
}

int rename(const char *from, const char *to) {
    REFUSE("rename", EIO)
    return REAL(rename)(from, to);
}

static int mode_of(int flags, va_list more) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, int) : 0;
}

#define OPEN(name)                                   \
    int name(const char *path, int flags, ...) {     \
        va_list more;                                \
        va_start(more, flags);                       \
        int mode = mode_of(flags, more);             \
        va_end(more);                                \
        REFUSE("open", EMFILE)                       \
        return REAL(name)(path, flags, mode);        \
    }
OPEN(open)
OPEN(open64)

int openat(int folder, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = mode_of(flags, more);
    va_end(more);
    REFUSE("open", EMFILE)
    return REAL(openat)(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = mode_of(flags, more);
    va_end(more);
    REFUSE("open", EMFILE)
    return REAL(openat64)(folder, path, flags, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    if (fails("open")) {
        errno = EMFILE;
        return NULL;
    }
    return REAL(fopen64)(path, mode);
}

__attribute__((destructor)) static void count(void) {
    const char *path = getenv("FAIL_COUNT");
    if (!path) return;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&seen));
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0) {
        syscall(SYS_write, file, text, length);
        syscall(SYS_close, file);
    }
}
