// SPDX-License-Identifier: Apache-2.0
//
// RamMem over an anonymous mapping of the host: pages that are never touched cost nothing.
#include "sw/hw/ram.h"

#include <sys/mman.h>

#include <bit>
#include <new>

namespace kilburn::os {

// Words are stored in host order, and PhysMem is little endian.
static_assert(std::endian::native == std::endian::little);

RamMem::RamMem(u64 bytes) : bytes_(nullptr), size_((bytes + 7) & ~u64{7}) {
  if (size_ == 0) return;
  void* mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  bytes_ = static_cast<std::byte*>(mapped);
}

RamMem::~RamMem() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

}  // namespace kilburn::os
