// SPDX-License-Identifier: Apache-2.0
//
// The program behind mini.*.lk: few instructions, many pages, every system call that the reader knows.
// Recorded on x86-64 Linux with
//   gcc -O1 -static -nostdlib -fno-stack-protector -fno-builtin -o mini mini.c
//   valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --log-file=mini.%p.lk ./mini
typedef unsigned long u64;

static long call(long n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  long r;
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
enum { kOpen = 2, kMmap = 9, kMprotect = 10, kMunmap = 11, kBrk = 12, kMremap = 25, kFork = 57, kWait4 = 61, kExit = 231 };
enum { kPage = 4096 };

static volatile u64* map(u64 at, u64 pages, u64 prot, u64 flags, u64 fd, u64 offset) {
  return (volatile u64*)call(kMmap, at, pages * kPage, prot, flags, fd, offset);
}
static u64 sweep(volatile u64* p, u64 pages, u64 step) {
  u64 sum = 0;
  for (u64 n = 0; n < pages; n += step) {
    volatile u64* q = p + n * (kPage / 8) + (n * 37) % 500;
    q[0] = sum;
    sum += q[1];
    q[2]++;
  }
  return sum;
}
static u64 deep(u64 n) {
  volatile u64 frame[300];
  frame[n % 300] = n;
  return n == 0 ? 0 : deep(n - 1) + frame[n % 300];
}

void _start(void) {
  volatile u64* a = map(0, 33, 3, 0x22, -1, 0);
  u64 sum = 0;
  for (int pass = 0; pass < 4; ++pass) sum += sweep(a, 33, 1);
  // One hot page among sweeps: ageing should keep it.
  for (u64 n = 0; n < 33; ++n) {
    a[n * 512 + 5] = a[5] + n;
    a[6]++;
  }
  // A file, read through; then a private change of one page of it.
  long fd = call(kOpen, (u64) "/bin/true", 0, 0, 0, 0, 0);
  volatile u64* file = map(0, 7, 3, 2, (u64)fd, kPage);
  for (u64 n = 0; n < 7; ++n) sum += file[n * 512 + 9];
  file[3 * 512] = sum;
  sum += sweep(a, 33, 2);
  for (u64 n = 0; n < 7; ++n) sum += file[n * 512 + 10];
  // Pages that are read for long, then stored to, then left alone.
  for (u64 n = 0; n < 33; n += 3) {
    for (u64 k = 0; k < 7; ++k) sum += file[k * 512 + n];
    a[n * 512 + 11] = sum;
  }
  for (u64 n = 0; n < 7; n += 2) file[n * 512 + 12] = sum;
  sum += sweep(a, 33, 1);
  for (u64 n = 0; n < 7; ++n) sum += file[n * 512 + 12];
  // Read-only for a while.
  call(kMprotect, (u64)(a + 512 * 12), kPage * 6, 1, 0, 0, 0);
  for (u64 n = 12; n < 18; ++n) sum += a[n * 512 + 11];
  call(kMprotect, (u64)(a + 512 * 12), kPage * 6, 3, 0, 0, 0);
  // Areas of one granule: on larger pages two of them share a page.
  call(kMprotect, (u64)(a + 512 * 3), kPage * 2, 1, 0, 0, 0);
  call(kMunmap, (u64)(a + 512 * 7), kPage * 2, 0, 0, 0, 0);
  map((u64)(a + 512 * 8), 1, 3, 0x32, -1, 0);
  sum += a[512 * 3 + 1] + a[512 * 8 + 2];
  a[512 * 8 + 3] = sum;
  a[512 * 6 + 3] = sum;
  a[512 * 9 + 3] = sum;
  call(kMprotect, (u64)(a + 512 * 3), kPage * 2, 3, 0, 0, 0);
  a[512 * 4] = 1;
  // Heap.
  u64 heap = (u64)call(kBrk, 0, 0, 0, 0, 0, 0);
  call(kBrk, heap + 5 * kPage + 100, 0, 0, 0, 0, 0);
  sum += sweep((volatile u64*)((heap + 15) & ~15ul), 5, 1);
  call(kBrk, heap + 2 * kPage, 0, 0, 0, 0, 0);
  call(kBrk, heap + 6 * kPage, 0, 0, 0, 0, 0);
  sum += sweep((volatile u64*)((heap + 15) & ~15ul), 5, 1);
  // Move and grow.
  volatile u64* m = map(0, 5, 3, 0x22, -1, 0);
  sum += sweep(m, 5, 1);
  map((u64)(m + 5 * 512), 1, 0, 0x32, -1, 0);
  m = (volatile u64*)call(kMremap, (u64)m, 5 * kPage, 11 * kPage, 1, 0, 0);
  sum += sweep(m, 11, 1);
  // Two children; each writes to what it shares.
  for (int n = 0; n < 2; ++n) {
    long child = call(kFork, 0, 0, 0, 0, 0, 0);
    if (child == 0) {
      sum += sweep(a + 1, 6, 1) + sweep(m, 11, 3) + sweep(a + 512 * 12, 12, 1);
      file[512] = sum;
      volatile u64* own = map(0, 4, 3, 0x22, -1, 0);
      sum += sweep(own, 4, 1);
      call(kExit, sum & 1, 0, 0, 0, 0, 0);
    }
    sum += sweep(a + 512 * 10, 20, 2);
    call(kWait4, (u64)child, 0, 0, 0, 0, 0);
    sum += sweep(m, 11, 2);
  }
  sum += deep(12);
  // A store that crosses a page border, and an unaligned load from it.
  volatile u64* odd = (volatile u64*)((u64)(a + 512 * 20) - 3);
  *odd = sum;
  sum += *odd;
  call(kMunmap, (u64)(a + 512 * 30), kPage + 5, 0, 0, 0, 0);
  for (int pass = 0; pass < 3; ++pass) sum += sweep(a + 512 * 9, 20, 1);
  call(kExit, sum & 1, 0, 0, 0, 0, 0);
}
