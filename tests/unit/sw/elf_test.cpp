// SPDX-License-Identifier: Apache-2.0
//
// Images on demand: the file's bytes at the addresses that its headers say, page by page as they are touched; and
// images that are not what they seem.
#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sw/os/elf_image.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size);

namespace kilburn::os {
namespace {

using test::kFormats;

constexpr u64 kText = 0x400000, kData = 0x410000;
constexpr u64 kTextSize = 0x4800, kDataSize = 0x1234, kBss = 0x5000;

std::byte pattern(u64 offset) { return static_cast<std::byte>(mix(offset)); }

// Text at file offset 0 (headers included), data at 0x8000, bss after it.
std::vector<std::byte> image() {
  std::vector<std::byte> bytes(0x8000 + kDataSize);
  for (u64 n = 0; n < bytes.size(); ++n) bytes[n] = pattern(n);
  Elf64_Ehdr h{};
  std::memcpy(h.e_ident, "\177ELF", 4);
  h.e_ident[EI_CLASS] = ELFCLASS64;
  h.e_ident[EI_DATA] = ELFDATA2LSB;
  h.e_type = ET_EXEC;
  h.e_entry = kText + 0x2000;
  h.e_phoff = sizeof h;
  h.e_phentsize = sizeof(Elf64_Phdr);
  h.e_phnum = 3;
  Elf64_Phdr p[3]{};
  p[0].p_type = PT_NOTE;
  p[1] = {PT_LOAD, PF_R | PF_X, 0, kText, kText, kTextSize, kTextSize, 0x1000};
  p[2] = {PT_LOAD, PF_R | PF_W, 0x8000, kData, kData, kDataSize, kDataSize + kBss, 0x1000};
  std::memcpy(bytes.data(), &h, sizeof h);
  std::memcpy(bytes.data() + sizeof h, p, sizeof p);
  return bytes;
}

template <class T>
std::vector<std::byte> with(u64 offset, T value) {
  std::vector<std::byte> bytes = image();
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

TEST_CASE("elf: an image comes page by page, with its own bytes and rights (rows 20, 70)") {
  for (const arch::Format format : kFormats) {
    for (const bool first_page : {false, true}) {
      INFO(arch::name(format));
      Config c;
      c.format = format;
      c.frames = 40;
      c.strict = true;
      test::Machine<> m(c);
      Process& p = m.kernel.spawn();
      const u64 entry = m.kernel.load_image(p, parse_elf(image(), "image"), 0, first_page);
      CHECK(entry == kText + 0x2000);
      CHECK(p.space->rss == (first_page ? 2 : 1));  // the page where data ends and bss begins is the process's own
      CHECK(m.kernel.statistics().faults_seen == 0);
      REQUIRE(m.fetch(p, entry));
      CHECK(m.kernel.statistics().faults_seen == (first_page ? 0 : 1));
      REQUIRE(m.fetch(p, entry + 16));
      CHECK(m.kernel.statistics().faults_seen == (first_page ? 0 : 1));
      const std::vector<std::byte> file = image();
      const auto equals = [&](u64 va, u64 offset, u64 size) {
        std::vector<std::byte> bytes(size);
        REQUIRE(m.load(p, va, 1));
        REQUIRE(m.kernel.memory().peek(*p.space, va, bytes));
        return std::memcmp(bytes.data(), file.data() + offset, size) == 0;
      };
      CHECK(equals(kText, 0, 0x1000));
      CHECK(equals(kText + 0x4000, 0x4000, 0x800));
      CHECK(equals(kData, 0x8000, 0x1000));
      CHECK(equals(kData + 0x1000, 0x9000, kDataSize - 0x1000));
      std::vector<std::byte> zeros(0x1000 - (kDataSize & 0xfff));
      REQUIRE(m.kernel.memory().peek(*p.space, kData + kDataSize, zeros));
      CHECK(std::all_of(zeros.begin(), zeros.end(), [](std::byte b) { return b == std::byte{0}; }));
      REQUIRE(m.load(p, kData + kDataSize + kBss - 8));
      REQUIRE(m.store(p, kData + 0x100));
      REQUIRE(m.load(p, kData + 0x100));
      CHECK_FALSE(m.store(p, kText));  // text is not for writing
      CHECK(p.killed_by == Signal::segv);
      Process& q = m.kernel.spawn();
      m.kernel.load_image(q, parse_elf(image(), "image"));
      CHECK_FALSE(m.fetch(q, kData));  // data is not for running
      CHECK(q.killed_by == Signal::segv);
      m.kernel.finish();
    }
  }
}

TEST_CASE("elf: two instances of one program on few frames") {
  for (const arch::Format format : kFormats) {
    Config c;
    c.format = format;
    c.frames = format == arch::Format::alpha ? 16 : 20;  // pages are twice as large there
    c.strict = true;
    c.audit_every = 50;
    test::Machine<> m(c);
    Process* both[2] = {&m.kernel.spawn(), &m.kernel.spawn()};
    for (Process* p : both) m.kernel.load_image(*p, parse_elf(image(), "image"));
    for (int round = 0; round < 5; ++round) {
      for (Process* p : both) {
        for (u64 va = kText; va < kText + 0x4000; va += 0x400) REQUIRE(m.fetch(*p, va));
        for (u64 va = kData; va < kData + 0x6000; va += 0x400) REQUIRE(m.store(*p, va));
        for (u64 va = kData; va < kData + 0x6000; va += 0x200) REQUIRE(m.load(*p, va));
      }
    }
    CHECK(m.kernel.statistics().memory.swapped_in > 0);
    m.kernel.finish();
  }
}

std::string refusal(std::vector<std::byte> bytes) {
  try {
    parse_elf(std::move(bytes), "x");
  } catch (const UserError& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("elf: what is wrong is said in one sentence") {
  const u64 second = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), third = second + sizeof(Elf64_Phdr);
  CHECK(refusal(image()) == "");
  CHECK(refusal({}) == "x: too short for an ELF image");
  CHECK(refusal(with(0, u32{7})) == "x: not an ELF image");
  CHECK(refusal(with(EI_CLASS, u8{ELFCLASS32})) == "x: not a little-endian 64-bit ELF image");
  CHECK(refusal(with(offsetof(Elf64_Ehdr, e_type), u16{ET_REL})) == "x: not an executable");
  CHECK(refusal(with(offsetof(Elf64_Ehdr, e_phentsize), u16{32})) == "x: program headers of 32 bytes");
  CHECK(refusal(with(offsetof(Elf64_Ehdr, e_phoff), ~u64{0})) ==
        "x: its program headers reach past the end of the file");
  CHECK(refusal(with(offsetof(Elf64_Ehdr, e_phnum), u16{0})) == "x: no segment to load");
  CHECK(refusal(with(offsetof(Elf64_Ehdr, e_entry), u64{8})) == "x: its entry point 0x8 is in no segment");
  CHECK(refusal(with(second + offsetof(Elf64_Phdr, p_filesz), ~u64{0})) ==
        "x: segment 1 is larger in the file than in memory");
  CHECK(refusal(with(third + offsetof(Elf64_Phdr, p_offset), u64{0x9000})) ==
        "x: segment 2 reaches past the end of the file");
  CHECK(refusal(with(third + offsetof(Elf64_Phdr, p_offset), u64{0x7001})) ==
        "x: segment 2 lies differently in file and memory pages");
  CHECK(refusal(with(third + offsetof(Elf64_Phdr, p_vaddr), kText + 0x4000)) ==
        "x: segment 2 overlaps the one before it");
  CHECK(refusal(with(third + offsetof(Elf64_Phdr, p_memsz), ~u64{0})) ==
        "x: segment 2 reaches past the user's addresses");
  CHECK_THROWS_WITH(read_elf("/nonexistent/image"), "cannot read /nonexistent/image: No such file or directory");
}

TEST_CASE("elf: damaged images are read or refused, never worse") {
  u64 refused = 0;
  for (u64 seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    std::vector<std::byte> bytes = image();
    bytes.resize(sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr));
    for (u64 n = 1 + random.below(4); n > 0; --n) {
      bytes[random.below(bytes.size())] ^= static_cast<std::byte>(1u << random.below(8));
    }
    if (random.below(4) == 0)
      bytes.resize(random.below(bytes.size()));
    else
      bytes.resize(0x8000 + kDataSize);
    kilburn_fuzz_elf(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    refused += !refusal(bytes).empty();
  }
  CHECK(refused > 500);
  CHECK(refused < 3000);
}

}  // namespace
}  // namespace kilburn::os
