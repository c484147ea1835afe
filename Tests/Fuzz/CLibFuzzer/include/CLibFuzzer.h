#pragma once
#include <stddef.h>
#include <stdint.h>

/// What libFuzzer calls with each input; every fuzzer of this package defines it in Swift.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// libFuzzer's entry point for programs that have a main of their own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

/// libFuzzer's own change of an input of `size` bytes, of which there may be `capacity`; returns how many there are then.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);
