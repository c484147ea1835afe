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

/// Asks for the cache line at an address, which need not be readable, to be brought to the second-level cache.
static inline __attribute__((always_inline)) void prefetch_line(const void *p) { __builtin_prefetch(p, 0, 2); }

#if defined(__AVX__)
/// Lanes 4 to 7.
static inline __attribute__((always_inline)) __m128 upper_half_ps256(__m256 a) { return _mm256_extractf128_ps(a, 1); }
#endif
#if defined(__AVX512DQ__)
/// Lanes 8 to 15.
static inline __attribute__((always_inline)) __m256 upper_half_ps512(__m512 a) { return _mm512_extractf32x8_ps(a, 1); }
#endif
#if defined(__AVX512BW__) && defined(__AVX512VNNI__)
/// Every 32-bit lane shifted right by the same number of bits, zeros moving in.
static inline __attribute__((always_inline)) __m512i shift_right(__m512i a, int bits) {
  return _mm512_srl_epi32(a, _mm_cvtsi32_si128(bits));
}
/// Every 32-bit lane shifted left by the same number of bits, zeros moving in.
static inline __attribute__((always_inline)) __m512i shift_left(__m512i a, int bits) {
  return _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits));
}
/// Sixteen bytes from each of four addresses, the first in the lowest lane.
static inline __attribute__((always_inline)) __m512i insert_rows4(const void *a, const void *b, const void *c,
                                                                  const void *d) {
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)a));
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)b), 1);
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)c), 2);
  return _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)d), 3);
}
static inline __attribute__((always_inline)) short load_half(const char *p) {
  short x;
  __builtin_memcpy(&x, p, 2);
  return x;
}
/// Two bytes of each of sixteen rows, `stride` bytes apart.
static inline __attribute__((always_inline)) __m256i gather_halves16(const void *rows, long stride) {
  const char *p = (const char *)rows;
#define HALF(i) load_half(p + (i) * stride)
  return _mm256_setr_epi16(HALF(0), HALF(1), HALF(2), HALF(3), HALF(4), HALF(5), HALF(6), HALF(7), HALF(8), HALF(9),
                           HALF(10), HALF(11), HALF(12), HALF(13), HALF(14), HALF(15));
#undef HALF
}
static inline __attribute__((always_inline)) int load_word(const char *p) {
  int x;
  __builtin_memcpy(&x, p, 4);
  return x;
}
/// Four bytes of each of sixteen rows, `stride` bytes apart.
static inline __attribute__((always_inline)) __m512i gather_words16(const void *rows, long stride) {
  const char *p = (const char *)rows;
#define WORD(i) load_word(p + (i) * stride)
  return _mm512_setr_epi32(WORD(0), WORD(1), WORD(2), WORD(3), WORD(4), WORD(5), WORD(6), WORD(7), WORD(8), WORD(9),
                           WORD(10), WORD(11), WORD(12), WORD(13), WORD(14), WORD(15));
#undef WORD
}
#endif
#if defined(__AVX512BF16__)
/// acc + dot of BF16 pairs (VDPBF16PS); `__m512bh` is not importable, so the operands travel as integers.
static inline __attribute__((always_inline)) __m512 bf16_dot(__m512 acc, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
/// Sixteen floats as BF16, rounded to nearest, ties to even (VCVTNEPS2BF16).
static inline __attribute__((always_inline)) __m256i round_to_bf16(__m512 a) {
  return (__m256i)_mm512_cvtneps_pbh(a);
}
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>

/// Tells the core that this thread is in a spin loop.
static inline void spin_hint(void) { __asm__ volatile("yield"); }
#endif
