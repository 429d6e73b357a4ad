// SPDX-License-Identifier: Apache-2.0
//
// The dump reader: memory and registers as they were, and every kind of foreign or broken file refused by name.
#include "tb/stimulus/elf_dump.h"

#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/unit/stimulus/dump_file.h"

using namespace kilburn;
using test::DumpFile;

namespace {

std::string refusal(const std::vector<std::byte>& bytes) {
  try {
    tb::ElfDump::from_memory(bytes, "d");
  } catch (const tb::DumpError& e) {
    return e.what();
  }
  return "accepted";
}
std::string refusal(const DumpFile& file) { return refusal(file.bytes()); }
std::string refusal(const std::string& text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return refusal(std::vector<std::byte>(bytes, bytes + text.size()));
}

Elf64_Phdr& program_header(std::vector<std::byte>& file, std::size_t index) {
  return *reinterpret_cast<Elf64_Phdr*>(file.data() + sizeof(Elf64_Ehdr) + index * sizeof(Elf64_Phdr));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("memory and registers") {
  DumpFile file(0x3000);
  file.segments.push_back({0x100000000, std::vector<std::byte>(0x1000)});
  file.set(0x1ff8, 0x1122334455667788);
  file.set(0x100000008, 42);
  file.cpus = {{0x80050033, 0x1000, 0x20}, {0x11, 0x2abc, 0x1020}};
  for (bool many : {false, true}) {
    for (u_int32_t note_bytes : {432u, 440u}) {
      file.many_headers = many;
      file.note_bytes = note_bytes;
      const auto bytes = file.bytes();
      const auto dump = tb::ElfDump::from_memory(bytes, "d");
      REQUIRE(dump.segments().size() == 2);
      CHECK(dump.load64(0x1ff8) == 0x1122334455667788);
      CHECK(dump.load64(0x100000008) == 42);
      CHECK(dump.load64(0x3000) == std::nullopt);
      CHECK(dump.load64(0x2ffc) == std::nullopt);  // half outside
      CHECK(dump.load64(~0ull) == std::nullopt);
      CHECK(dump.contains(0x2000, 0x1000));
      CHECK_FALSE(dump.contains(0x2000, 0x1001));
      CHECK(dump.end() == 0x100001000);
      CHECK(dump.bytes() == 0x4000);
      REQUIRE(dump.cpus().size() == 2);
      CHECK(dump.cpus()[1].cr0 == 0x11);
      CHECK(dump.cpus()[1].cr3 == 0x2abc);
      CHECK(dump.cpus()[1].cr4 == 0x1020);
      CHECK(dump.cpus()[0].code_64);
    }
  }
}

TEST_CASE("a file on disk is mapped") {
  const auto path = std::filesystem::temp_directory_path() / ("kilburn-dump-" + std::to_string(getpid()));
  DumpFile file;
  file.set(0x8000, 7);
  const auto bytes = file.bytes();
  std::ofstream(path).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  CHECK(tb::ElfDump::open(path.string()).load64(0x8000) == 7);
  std::filesystem::resize_file(path, bytes.size() - 1);
  CHECK_THROWS_WITH(tb::ElfDump::open(path.string()), Catch::Matchers::Contains("truncated"));
  std::filesystem::resize_file(path, 0);
  CHECK_THROWS_WITH(tb::ElfDump::open(path.string()), Catch::Matchers::Contains("is empty"));
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(tb::ElfDump::open(path.string()), Catch::Matchers::Contains("No such file"));
  CHECK_THROWS_WITH(tb::ElfDump::open("/"), Catch::Matchers::Contains("is not a regular file"));
  CHECK_THROWS_WITH(tb::ElfDump::open("/bin/sh"), Catch::Matchers::Contains("not a memory dump"));
}

TEST_CASE("a dump cut anywhere is refused or read in bounds") {
  DumpFile file(0x1000);
  const auto whole = file.bytes();
  CHECK(refusal(whole) == "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size);
    const std::string said = refusal(cut);
    CHECK(said != "accepted");
    if (size >= sizeof(Elf64_Ehdr)) CHECK(contains(said, "truncated"));
  }
}

TEST_CASE("foreign files are refused by what they are") {
  CHECK(contains(refusal(std::string("KDUMP   ") + std::string(100, '\0')), "kdump-compressed"));
  CHECK(contains(refusal(std::string("\x1f\x8b\x08")), "gzip"));
  CHECK(contains(refusal(std::string("\x28\xb5\x2f\xfd")), "zstd"));
  CHECK(contains(refusal(std::string("\xfd") + "7zXZ"), "xz"));
  CHECK(contains(refusal(std::string("# kilburn-vectors 1 x86-64\n")), "is not an ELF file"));
  DumpFile file;
  file.header.e_ident[EI_CLASS] = ELFCLASS32;
  CHECK(contains(refusal(file), "32-bit ELF file"));
  file = DumpFile();
  file.header.e_ident[EI_DATA] = ELFDATA2MSB;
  CHECK(contains(refusal(file), "big-endian"));
  file = DumpFile();
  file.header.e_machine = EM_386;  // more than 4 GB of a 32-bit guest
  CHECK(contains(refusal(file), "32-bit x86 guest"));
  file.header.e_machine = EM_AARCH64;
  CHECK(contains(refusal(file), "AArch64"));
  file = DumpFile();
  file.header.e_type = ET_EXEC;
  CHECK(contains(refusal(file), "an executable"));
  file = DumpFile();
  file.header.e_phentsize = 32;
  CHECK(contains(refusal(file), "program headers of 32 bytes"));
}

TEST_CASE("segments that cannot be are refused by number") {
  DumpFile file(0x1000);
  file.segments.push_back({0x1000, std::vector<std::byte>(0x1000)});
  const auto with = [&](auto change) {
    auto bytes = file.bytes();
    change(program_header(bytes, 2));
    return refusal(bytes);
  };
  CHECK(with([](Elf64_Phdr&) {}) == "accepted");
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_offset = ~0ull; }), "program header 2: its 4 096 bytes at offset"));
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_filesz = ~0ull; }), "program header 2"));
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_memsz = 1; }), "more bytes in the file"));
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_paddr = 0xffffffffffffff00; }), "do not fit 52 bits"));
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_paddr = 0x1001; }), "not 8-byte aligned"));
  CHECK(contains(with([](Elf64_Phdr& p) { p.p_paddr = 0x800; }), "two segments hold physical address 0x800"));
  // A segment that a filter left out has no bytes.
  CHECK(with([](Elf64_Phdr& p) { p.p_filesz = 0, p.p_offset = ~0ull; }) == "accepted");
  // The same bytes of the file in two segments, as a dump with virtual mappings has them.
  auto bytes = file.bytes();
  program_header(bytes, 2) = program_header(bytes, 1);
  program_header(bytes, 2).p_paddr += 0x800;
  program_header(bytes, 2).p_offset += 0x800;
  program_header(bytes, 2).p_filesz = 0x900;
  const auto dump = tb::ElfDump::from_memory(bytes, "d");
  REQUIRE(dump.segments().size() == 1);
  CHECK(dump.segments()[0].size == 0x1100);
}

TEST_CASE("the core of a process, and files without memory") {
  DumpFile file(0x1000);
  file.segments.push_back({0, std::vector<std::byte>(0x1000)});
  file.cpus.clear();
  CHECK(contains(refusal(file), "core of a process"));
  file.segments.clear();
  CHECK(contains(refusal(file), "holds no memory"));
}

TEST_CASE("notes") {
  DumpFile file(0x1000);
  file.note_version = 2;
  CHECK(contains(refusal(file), "QEMU note of CPU 0: version 2"));
  file.note_version = 1;
  file.note_bytes = 424;
  CHECK(contains(refusal(file), "QEMU note of CPU 0: 424 bytes, fewer than the 432"));
  // A length that leads out of its segment.
  auto bytes = DumpFile(0x1000).bytes();
  const auto at = program_header(bytes, 0).p_offset;
  reinterpret_cast<Elf64_Nhdr*>(bytes.data() + at)->n_descsz = 0xfffffff0;
  CHECK(contains(refusal(bytes), "ends beyond its segment"));
}
