#pragma once
// The compiler's SIMD intrinsics for Swift, plus one-line wrappers where a C type cannot be imported.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#if defined(__AVX512BF16__)
/// acc + dot of BF16 pairs (VDPBF16PS); `__m512bh` is not importable, so the operands travel as integers.
static inline __attribute__((always_inline)) __m512 bf16_dot(__m512 acc, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
