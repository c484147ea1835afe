#pragma once
// The compiler's SIMD intrinsics for Swift, plus one-line wrappers where a C type cannot be imported, where an
// intrinsic is a macro, or where an instruction has no intrinsic at the base instruction set.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

/// The register sets the operating system saves (XGETBV, register 0). Only valid where CPUID reports OSXSAVE.
static inline unsigned long long read_xcr0(void) {
  unsigned int low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((unsigned long long)high << 32) | low;
}

/// Tells the core that this thread is in a spin loop.
static inline void spin_hint(void) { __builtin_ia32_pause(); }

#if defined(__AVX__)
/// Lanes 4 to 7.
static inline __attribute__((always_inline)) __m128 upper_half_ps256(__m256 a) { return _mm256_extractf128_ps(a, 1); }
#endif
#if defined(__AVX512DQ__)
/// Lanes 8 to 15.
static inline __attribute__((always_inline)) __m256 upper_half_ps512(__m512 a) { return _mm512_extractf32x8_ps(a, 1); }
#endif
#if defined(__AVX512BF16__)
/// acc + dot of BF16 pairs (VDPBF16PS); `__m512bh` is not importable, so the operands travel as integers.
static inline __attribute__((always_inline)) __m512 bf16_dot(__m512 acc, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>

/// Tells the core that this thread is in a spin loop.
static inline void spin_hint(void) { __asm__ volatile("yield"); }
#endif
