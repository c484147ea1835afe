#include "CAllocationCount.h"

#if !defined(__has_feature)
#define __has_feature(x) 0
#endif

#if defined(__linux__)
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#endif

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || !defined(__linux__)

bool allocations_are_counted(void) { return false; }
long allocation_count(void) { return 0; }

#else

// An executable's own functions are used by the whole process, its libraries included. These pass on to glibc's.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls;

static void count(void) { atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed); }

bool allocations_are_counted(void) { return true; }
long allocation_count(void) { return atomic_load(&calls); }

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

#endif
