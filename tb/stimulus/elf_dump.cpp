// SPDX-License-Identifier: Apache-2.0
//
// ELF64 as the gABI has it; the CPU notes as QEMU's target/i386/arch_dump.c lays them out.
#include "tb/stimulus/elf_dump.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "tb/stimulus/fields.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;

namespace {

constexpr u64 kPhysicalBits = 52;
constexpr std::size_t kMostCpus = 4096;

// Note "QEMU", type 0: version, size, 16 general registers, RIP, RFLAGS, 10 segments (CS first), CR0 to CR4. Later
// versions of QEMU append to it.
constexpr u64 kRip = 8 + 16 * 8;
constexpr u64 kRflags = kRip + 8;
constexpr u64 kCodeSegment = kRflags + 8;
constexpr u64 kSegmentBytes = 24;
constexpr u64 kControl = kCodeSegment + 10 * kSegmentBytes;
constexpr u64 kCpuBytes = kControl + 5 * 8;

// Files that people also call dumps, by how they start.
struct Signature {
  std::string_view bytes;
  const char* what;
};
using namespace std::string_view_literals;
constexpr Signature kOthers[] = {
    {"KDUMP   "sv, "a kdump-compressed dump; dump-guest-memory without a format option writes ELF"},
    {"DISKDUMP"sv, "a kdump-compressed dump; dump-guest-memory without a format option writes ELF"},
    {"makedumpfile"sv, "a flattened makedumpfile dump; makedumpfile -R or dump-guest-memory writes a plain file"},
    {"PAGEDU64"sv, "a Windows crash dump"},
    {"PAGEDUMP"sv, "a Windows crash dump"},
    {"EMiL"sv, "a LiME dump"},
    {"QEVM"sv, "a QEMU migration or snapshot file, not a memory dump"},
    {"QFI\xfb"sv, "a qcow disk image"},
    {"\x1f\x8b"sv, "compressed with gzip; decompress it first"},
    {"\x28\xb5\x2f\xfd"sv, "compressed with zstd; decompress it first"},
    {"\xfd"
     "7zXZ"sv,
     "compressed with xz; decompress it first"},
    {"BZh"sv, "compressed with bzip2; decompress it first"},
    {"\x04\x22\x4d\x18"sv, "compressed with lz4; decompress it first"},
    {"PK\x03\x04"sv, "a zip archive; unpack it first"},
};

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_386:
      return "a 32-bit x86 guest (EM_386)";
    case EM_AARCH64:
      return "an AArch64 guest";
    case EM_ARM:
      return "an ARM guest";
    case EM_RISCV:
      return "a RISC-V guest";
    case EM_PPC64:
      return "a PowerPC guest";
    case EM_S390:
      return "an s390 guest";
    case EM_ALPHA:
      return "an Alpha guest";
    default:
      return "machine " + std::to_string(machine);
  }
}

}  // namespace

// A file mapped for reading.
class ElfDump::File {
 public:
  explicit File(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) throw DumpError(path + ": cannot be read: " + std::strerror(errno));
    struct stat status {};
    const bool known = fstat(fd, &status) == 0;
    if (!known || !S_ISREG(status.st_mode)) {
      close(fd);
      throw DumpError(path + ": is not a regular file");
    }
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ != 0) data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    const int error = errno;
    close(fd);
    if (data_ == MAP_FAILED) throw EnvironmentError(path + ": cannot be mapped: " + std::strerror(error));
  }
  ~File() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

ElfDump ElfDump::open(const std::string& path) {
  auto file = std::make_shared<const File>(path);
  const auto bytes = file->bytes();
  return ElfDump(bytes, path, std::move(file));
}

ElfDump ElfDump::from_memory(std::span<const std::byte> bytes, std::string name) {
  return ElfDump(bytes, std::move(name), nullptr);
}

ElfDump::ElfDump(std::span<const std::byte> bytes, std::string name, std::shared_ptr<const File> file)
    : bytes_(bytes), name_(std::move(name)), file_(std::move(file)) {
  read_header();
  read_segments();
  sort_segments();
}

void ElfDump::fail(const std::string& reason) const { throw DumpError(name_ + ": " + reason); }

template <class T>
T ElfDump::at(u64 offset, const char* what) const {
  if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
    fail(std::string(what) + " at offset " + hex(offset) + " ends beyond the file, which has " +
         grouped(bytes_.size()) + " bytes: truncated?");
  }
  T value;
  std::memcpy(&value, bytes_.data() + offset, sizeof value);
  return value;
}

void ElfDump::refuse_other_formats() const {
  const std::string_view start(reinterpret_cast<const char*>(bytes_.data()), std::min<std::size_t>(bytes_.size(), 16));
  for (const Signature& other : kOthers) {
    if (start.starts_with(other.bytes)) fail(std::string("is ") + other.what);
  }
  if (bytes_.empty()) fail("is empty");
  if (bytes_.size() < SELFMAG || !start.starts_with(ELFMAG)) fail("is not an ELF file");
}

void ElfDump::read_header() {
  refuse_other_formats();
  if (bytes_.size() < EI_NIDENT) fail("the ELF header ends beyond the file: truncated?");
  const auto ident = [&](std::size_t index) { return static_cast<unsigned>(bytes_[index]); };
  if (ident(EI_DATA) == ELFDATA2MSB) fail("is a big-endian ELF file; x86-64 is little-endian");
  if (ident(EI_DATA) != ELFDATA2LSB) fail("names no byte order in its ELF header");
  if (ident(EI_CLASS) == ELFCLASS32) fail("is a 32-bit ELF file: the guest was not in 64-bit mode");
  if (ident(EI_CLASS) != ELFCLASS64) fail("names neither 32 nor 64 bits in its ELF header");
  if (ident(EI_VERSION) != EV_CURRENT) fail("has ELF version " + std::to_string(ident(EI_VERSION)) + ", not 1");
  const auto header = at<Elf64_Ehdr>(0, "the ELF header");
  if (header.e_machine != EM_X86_64) {
    fail("is of " + machine_name(header.e_machine) + "; only dumps of a 64-bit x86 guest (EM_X86_64) can be run");
  }
  if (header.e_type != ET_CORE) {
    const char* kind = header.e_type == ET_REL    ? "an object file"
                       : header.e_type == ET_EXEC ? "an executable"
                       : header.e_type == ET_DYN  ? "an executable or shared library"
                                                  : "of another kind";
    fail(std::string("is ") + kind + " (e_type " + std::to_string(header.e_type) + "), not a memory dump (ET_CORE)");
  }
}

void ElfDump::read_segments() {
  const auto header = at<Elf64_Ehdr>(0, "the ELF header");
  u64 count = header.e_phnum;
  if (count == PN_XNUM) {  // the count is in the first section header
    if (header.e_shoff == 0) fail("has more than 65534 program headers but no section header that counts them");
    count = at<Elf64_Shdr>(header.e_shoff, "the first section header").sh_info;
  }
  if (count == 0) fail("has no program headers");
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    fail("has program headers of " + std::to_string(header.e_phentsize) + " bytes, not " +
         std::to_string(sizeof(Elf64_Phdr)));
  }
  const u64 room = header.e_phoff > bytes_.size() ? 0 : (bytes_.size() - header.e_phoff) / sizeof(Elf64_Phdr);
  if (count > room) {
    fail("its " + grouped(count) + " program headers at offset " + hex(header.e_phoff) +
         " end beyond the file, which has " + grouped(bytes_.size()) + " bytes: truncated?");
  }
  for (u64 index = 0; index < count; ++index) {
    const auto segment = at<Elf64_Phdr>(header.e_phoff + index * sizeof(Elf64_Phdr), "a program header");
    if (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE) continue;
    const std::string name = "program header " + std::to_string(index);
    // A filter of dump-guest-memory leaves memory out: no bytes, and no offset.
    if (segment.p_filesz == 0) continue;
    if (segment.p_offset > bytes_.size() || bytes_.size() - segment.p_offset < segment.p_filesz) {
      fail(name + ": its " + grouped(segment.p_filesz) + " bytes at offset " + hex(segment.p_offset) +
           " end beyond the file, which has " + grouped(bytes_.size()) + " bytes: truncated?");
    }
    if (segment.p_type == PT_NOTE) {
      read_notes(segment.p_offset, segment.p_filesz);
      continue;
    }
    if (segment.p_filesz > segment.p_memsz) {
      fail(name + ": more bytes in the file (" + hex(segment.p_filesz) + ") than in memory (" + hex(segment.p_memsz) +
           ")");
    }
    constexpr u64 kTop = u64{1} << kPhysicalBits;
    if (segment.p_paddr >= kTop || kTop - segment.p_paddr < segment.p_filesz) {
      fail(name + ": the physical addresses from " + hex(segment.p_paddr) + " on, " + hex(segment.p_filesz) +
           " bytes, do not fit 52 bits");
    }
    if (segment.p_paddr & 7) fail(name + ": physical address " + hex(segment.p_paddr) + " is not 8-byte aligned");
    segments_.push_back({segment.p_paddr, segment.p_filesz, segment.p_offset});
  }
  if (segments_.empty()) fail("holds no memory: it has no PT_LOAD segment with bytes");
}

// With -p, QEMU writes a segment a virtual mapping: the same memory then stands in several, at one place of the file.
void ElfDump::sort_segments() {
  std::sort(segments_.begin(), segments_.end(),
            [](const DumpSegment& a, const DumpSegment& b) { return a.pa != b.pa ? a.pa < b.pa : a.size > b.size; });
  std::vector<DumpSegment> disjoint;
  for (const DumpSegment& segment : segments_) {
    if (disjoint.empty() || segment.pa >= disjoint.back().pa + disjoint.back().size) {
      disjoint.push_back(segment);
      continue;
    }
    DumpSegment& below = disjoint.back();
    if (segment.offset - segment.pa != below.offset - below.pa) {
      const bool process = cpus_.empty() && segments_.back().pa == 0;
      fail(process ? "is the core of a process, not of a machine: its segments have no physical addresses"
                   : "two segments hold physical address " + hex(segment.pa) + " with different contents (offsets " +
                         hex(below.offset + (segment.pa - below.pa)) + " and " + hex(segment.offset) + ")");
    }
    below.size = std::max(below.size, segment.pa + segment.size - below.pa);
  }
  segments_ = std::move(disjoint);
}

void ElfDump::read_notes(u64 offset, u64 size) {
  const u64 end = offset + size;
  const auto padded = [](u64 bytes) { return (bytes + 3) & ~u64{3}; };
  while (end - offset >= sizeof(Elf64_Nhdr)) {
    const auto note = at<Elf64_Nhdr>(offset, "a note");
    const u64 name = offset + sizeof note;
    const u64 description = name + padded(note.n_namesz);
    if (description > end || end - description < note.n_descsz) {
      fail("the note at offset " + hex(offset) + " ends beyond its segment");
    }
    constexpr std::string_view kName("QEMU\0", 5);
    const bool qemu = note.n_namesz == kName.size() && note.n_type == 0 &&
                      std::memcmp(bytes_.data() + name, kName.data(), kName.size()) == 0;
    if (qemu) read_cpu(description, note.n_descsz);
    // The last note's padding may be missing.
    offset = std::min(end, description + padded(note.n_descsz));
  }
}

void ElfDump::read_cpu(u64 offset, u64 size) {
  const std::string name = "QEMU note of CPU " + std::to_string(cpus_.size());
  if (size < kCpuBytes) {
    fail(name + ": " + std::to_string(size) + " bytes, fewer than the " + std::to_string(kCpuBytes) + " of version 1");
  }
  if (const auto version = at<u32>(offset, "a QEMU note"); version != 1) {
    fail(name + ": version " + std::to_string(version) + ", which is not known (1 is)");
  }
  if (cpus_.size() == kMostCpus) fail("has notes of more than " + std::to_string(kMostCpus) + " CPUs");
  const auto word = [&](u64 place) { return at<u64>(offset + place, "a QEMU note"); };
  const auto code_flags = at<u32>(offset + kCodeSegment + 8, "a QEMU note");
  DumpCpu cpu;
  cpu.cr0 = word(kControl);
  cpu.cr3 = word(kControl + 3 * 8);
  cpu.cr4 = word(kControl + 4 * 8);
  cpu.rip = word(kRip);
  cpu.rflags = word(kRflags);
  cpu.code_64 = (code_flags >> 21 & 1) != 0;  // bits of the descriptor's upper half
  cpu.cpl = static_cast<arch::u8>(at<u32>(offset + kCodeSegment, "a QEMU note") & 3);
  cpus_.push_back(cpu);
}

u64 ElfDump::bytes() const {
  u64 sum = 0;
  for (const DumpSegment& segment : segments_) sum += segment.size;
  return sum;
}

const DumpSegment* ElfDump::find(u64 pa) const {
  auto above = std::upper_bound(segments_.begin(), segments_.end(), pa,
                                [](u64 address, const DumpSegment& segment) { return address < segment.pa; });
  if (above == segments_.begin()) return nullptr;
  const DumpSegment& segment = *--above;
  return pa - segment.pa < segment.size ? &segment : nullptr;
}

bool ElfDump::contains(u64 pa, u64 length) const {
  const DumpSegment* segment = find(pa);
  return segment != nullptr && segment->size - (pa - segment->pa) >= length;
}

std::span<const std::byte> ElfDump::from(u64 pa) const {
  const DumpSegment* segment = find(pa);
  if (segment == nullptr) return {};
  const u64 inside = pa - segment->pa;
  return bytes_.subspan(segment->offset + inside, segment->size - inside);
}

std::optional<u64> ElfDump::load64(u64 pa) const {
  const auto bytes = from(pa);
  if (bytes.size() < 8) return std::nullopt;
  u64 value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace kilburn::tb
