#pragma once
#include <stdbool.h>

/// Whether the memory functions of this process are the counting ones: not under a sanitizer, which brings its own.
bool allocations_are_counted(void);

/// Calls of malloc, calloc, realloc and the aligned kinds so far, on all threads.
long allocation_count(void);
