// SPDX-License-Identifier: Apache-2.0
//
// exec of an image: areas only; its pages come when the program touches them.
#include <cerrno>

#include "sw/os/elf_image.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

u64 Kernel::load_image(Process& process, const ElfImage& image, u64 bias, bool first_page) {
  enter(process);
  const Acting acting(*this, process);
  const u32 file = memory_->contents().add(image.bytes);
  for (const ElfImage::Segment& s : image.segments) {
    const u64 va = bias + s.va, start = granule_down(va);
    const u64 in_file = granule_up(va + s.file_size), end = granule_up(va + s.memory_size);
    int error = 0;
    if (s.file_size != 0) error = mmap(process, start, in_file - start, s.rights, {file, granule_down(s.offset)});
    const u64 zeroed = s.file_size != 0 ? in_file : start;
    if (error == 0 && end > zeroed) error = mmap(process, zeroed, end - zeroed, s.rights);
    if (error != 0) throw UserError("a segment at " + hex(va) + " does not fit the address space");
    // The last page of the file's part goes on with zeros (LX padzero), which makes it the process's own now.
    const u64 tail = va + s.file_size;
    if (s.memory_size > s.file_size && s.file_size != 0 && tail < in_file) {
      const std::vector<std::byte> zeros(in_file - tail);
      memory_->put(*process.space, tail, zeros);
      process.oracle.store(tail, zeros);
    }
  }
  if (first_page) memory_->make_present(*process.space, granule_down(bias + image.entry), kGranule);
  return bias + image.entry;
}

}  // namespace kilburn::os
