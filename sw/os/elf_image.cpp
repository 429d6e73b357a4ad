// SPDX-License-Identifier: Apache-2.0
//
// Reading and checking ELF headers. Every number comes from the file and is checked before use.
#include "sw/os/elf_image.h"

#include <elf.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "sw/core/errors.h"

namespace kilburn::os {

namespace {

constexpr size_t kLargest = size_t{1} << 30;  // bytes of an image

template <class T>
T at(std::span<const std::byte> bytes, u64 offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool inside(std::span<const std::byte> bytes, u64 offset, u64 size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

Rights rights_of(u32 flags) {
  return with_read(((flags & PF_R) ? kRead : 0u) | ((flags & PF_W) ? kWrite : 0u) | ((flags & PF_X) ? kExecute : 0u));
}

// Null if the segment can be mapped.
const char* refused(const Elf64_Phdr& p, std::span<const std::byte> bytes, u64 before) {
  if (p.p_filesz > p.p_memsz) return "is larger in the file than in memory";
  if (!inside(bytes, p.p_offset, p.p_filesz)) return "reaches past the end of the file";
  if (((p.p_offset ^ p.p_vaddr) & (kGranule - 1)) != 0) return "lies differently in file and memory pages";
  constexpr u64 kTop = u64{1} << 47;
  if (p.p_vaddr >= kTop || p.p_memsz > kTop - p.p_vaddr) return "reaches past the user's addresses";
  if (p.p_vaddr < before) return "overlaps the one before it";
  return nullptr;
}

}  // namespace

ElfImage parse_elf(std::vector<std::byte> bytes, const std::string& name) {
  const auto refuse = [&name](const std::string& reason) -> void { throw UserError(name + ": " + reason); };
  if (bytes.size() < sizeof(Elf64_Ehdr)) refuse("too short for an ELF image");
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) refuse("not an ELF image");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    refuse("not a little-endian 64-bit ELF image");
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) refuse("not an executable");
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    refuse("program headers of " + std::to_string(header.e_phentsize) + " bytes");
  if (!inside(bytes, header.e_phoff, u64{header.e_phnum} * sizeof(Elf64_Phdr))) {
    refuse("its program headers reach past the end of the file");
  }
  ElfImage image;
  image.entry = header.e_entry;
  u64 before = 0;
  bool entered = false;
  for (unsigned n = 0; n < header.e_phnum; ++n) {
    const auto p = at<Elf64_Phdr>(bytes, header.e_phoff + n * sizeof(Elf64_Phdr));
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    if (const char* reason = refused(p, bytes, before); reason != nullptr) {
      refuse("segment " + std::to_string(n) + " " + reason);
    }
    // Two segments may not share a granule: the second mapping would replace the first one's end.
    before = granule_up(p.p_vaddr + p.p_memsz);
    image.segments.push_back({p.p_vaddr, p.p_memsz, p.p_offset, p.p_filesz, rights_of(p.p_flags)});
    entered = entered || (header.e_entry >= p.p_vaddr && header.e_entry - p.p_vaddr < p.p_memsz);
  }
  if (image.segments.empty()) refuse("no segment to load");
  if (header.e_type == ET_EXEC && !entered) refuse("its entry point " + hex(header.e_entry) + " is in no segment");
  image.bytes = std::move(bytes);
  return image;
}

ElfImage read_elf(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw UserError("cannot read " + path + ": " + std::strerror(errno));
  const std::streamoff size = file.tellg();
  if (size < 0 || static_cast<u64>(size) > kLargest) throw UserError(path + ": not an ELF image of at most 1 GB");
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size)) throw UserError("cannot read " + path);
  return parse_elf(std::move(bytes), path);
}

}  // namespace kilburn::os
