/* Makes the decoder of one file crash, hang, or try what a decoder may not do.
 *
 * GDAL_POISON: part of the name of the file. GDAL_POISON_AT: open or read. GDAL_POISON_HOW: crash, abort, wait, spin or escape.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int is_asked(const char *name, const char *at) {
    const char *part = getenv("GDAL_POISON"), *when = getenv("GDAL_POISON_AT");
    return name && part && when && strstr(name, part) && strcmp(when, at) == 0;
}

/* Every way out that must be closed; the first open one ends the process loudly. */
static void escape(void) {
    const char *place = getenv("GDAL_POISON_PLACE");
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0) abort();
    if (place && open(place, O_WRONLY | O_CREAT, 0644) >= 0) abort();
    if (place && open(place, O_RDWR) >= 0) abort();
    if (place && unlink(place) == 0) abort();
    if (place && rename(place, "/dev/null") == 0) abort();
    if (fork() >= 0) abort();
    if (kill(getppid(), 0) == 0) abort();
    char *words[] = {"true", NULL};
    execv("/bin/true", words);
}

static void act(void) {
    const char *how = getenv("GDAL_POISON_HOW");
    volatile int *nowhere = NULL;
    if (!how) return;
    if (strcmp(how, "crash") == 0) *nowhere = 1;
    if (strcmp(how, "abort") == 0) abort();
    if (strcmp(how, "wait") == 0) for (;;) pause();
    if (strcmp(how, "spin") == 0) for (;;) (void)getppid();
    if (strcmp(how, "escape") == 0) escape();
}

void *GDALOpenEx(const char *name, unsigned flags, const char *const *drivers, const char *const *options,
                 const char *const *siblings) {
    static void *(*next)(const char *, unsigned, const char *const *, const char *const *, const char *const *);
    if (is_asked(name, "open")) act();
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "GDALOpenEx");
    return next(name, flags, drivers, options, siblings);
}

extern void *GDALGetBandDataset(void *band);
extern const char *GDALGetDescription(void *object);

int GDALRasterIOEx(void *band, int way, int x, int y, int cols, int rows, void *data, int data_cols, int data_rows, int kind,
                   long long pixel, long long line, void *extra) {
    static int (*next)(void *, int, int, int, int, int, void *, int, int, int, long long, long long, void *);
    void *file = GDALGetBandDataset(band);
    if (file && is_asked(GDALGetDescription(file), "read")) act();
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "GDALRasterIOEx");
    return next(band, way, x, y, cols, rows, data, data_cols, data_rows, kind, pixel, line, extra);
}
