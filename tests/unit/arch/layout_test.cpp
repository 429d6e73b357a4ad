// SPDX-License-Identifier: Apache-2.0
//
// The format description, the layouts and their accessors, the names, and the generated files of the tree.
#include "model/arch/layout.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/arch/format.h"
#include "tests/catch.h"

namespace {

using namespace kilburn::arch;

// What `kilburn_layout_gen` with `options` prints.
std::string generated(const std::string& options) {
  const std::string command = std::string(KILBURN_LAYOUT_GEN) + " " + options;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe.get())) text.append(buffer.data(), n);
  return text;
}

std::string tree_file(const std::string& path) {
  std::ifstream in(std::string(KILBURN_SOURCE_DIR) + "/" + path, std::ios::binary);
  INFO(path);
  REQUIRE(in.is_open());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("generated files are those of the tree (rewrite them with the target kilburn_layout)") {
  struct Row {
    const char* path;
    const char* options;
    const char* holds;  // one line that the file must have: an empty file is not equal to an empty file
  };
  for (const Row& row :
       {Row{"rtl/mmu_pkg.sv", "--rtl", "  localparam int X86_PTE_NX = 63; "},
        Row{"model/arch/layout.md", "--table", "| 63:32 | PFN | page frame number |"},
        Row{"waves/filters/fault.txt", "--wave Fault", "c FOW"}, Row{"waves/filters/mode.txt", "--wave Mode", "3 USER"},
        Row{"waves/filters/inv.txt", "--wave Inv", "6 PAGE_D"},
        Row{"waves/filters/mem_op.txt", "--wave MemOp", "1 CAS"},
        Row{"waves/filters/event.txt", "--wave Event", "1f WALK_READS_5"},
        Row{"model/README.md", "--rules " KILBURN_SOURCE_DIR "/model/README.md",
            "| `x86.key.supervisor` | #PF, PK |"}}) {
    INFO(row.path);
    const std::string text = generated(row.options);
    CHECK(text.find(std::string("\n") + row.holds) != std::string::npos);
    CHECK(text == tree_file(row.path));
  }
}

TEST_CASE("layout: a field is read and replaced where it stands") {
  constexpr layout::Field kField{11, 4};
  static_assert(kField.mask() == 0xff0);
  static_assert(kField.get(0x12345) == 0x34);
  static_assert(kField.set(0xfffff, 0) == 0xff00f);
  static_assert(kField.set(0, 0x1ab) == 0xab0);
  static_assert(kField.make(0x5) == 0x50);
  static_assert(kField.test(0x010) && !kField.test(0x1000f));
  constexpr layout::Field kWord{63, 0};
  static_assert(kWord.mask() == ~u64{0} && kWord.get(42) == 42);
  static_assert(layout::AlphaPte::PFN.mask() == 0xffffffff00000000);
  SUCCEED();
}

TEST_CASE("layout: positions of the manuals") {
  // SDM tables 4-15 to 4-20; EV5 5-2 and the OSF layout; SDM 4.7
  CHECK(layout::X86Pte::P.mask() == 0x1);
  CHECK(layout::X86Pte::RW.mask() == 0x2);
  CHECK(layout::X86Pte::US.mask() == 0x4);
  CHECK(layout::X86Pte::A.mask() == 0x20);
  CHECK(layout::X86Pte::D.mask() == 0x40);
  CHECK(layout::X86Pte::PS.mask() == 0x80);
  CHECK(layout::X86Pte::G.mask() == 0x100);
  CHECK(layout::X86Pte::FRAME.mask() == 0x000ffffffffff000);
  CHECK(layout::X86Pte::NX.mask() == 0x8000000000000000);
  CHECK(layout::AlphaPte::FOW.mask() == 0x4);
  CHECK(layout::AlphaPte::ASM.mask() == 0x10);
  CHECK(layout::AlphaPte::GH.mask() == 0x60);
  CHECK(layout::AlphaPte::URE.mask() == 0x200);
  CHECK(layout::AlphaPte::UWE.mask() == 0x2000);
  CHECK(layout::PageFaultError::RSVD.mask() == 0x8);
  CHECK(layout::PageFaultError::ID.mask() == 0x10);
  // the Alpha codes are 8 + MMCSR: TNV 0, ACV 1, FOR 2, FOE 3, FOW 4
  CHECK(layout::Fault::TNV == 8);
  CHECK(layout::Fault::FOE == 11);
  CHECK(layout::Fault::FOW == 12);
}

TEST_CASE("layout: no two fields of a layout overlap, no two codes of a set are equal, all fit") {
  struct Part {
    std::string set;
    u64 bits;
    unsigned width;
  };
  std::vector<Part> fields;
  std::vector<Part> codes;
  std::map<std::string, unsigned> width;
#define KILBURN_LAYOUT(set, prefix, bits, doc) width[#set] = bits;
#define KILBURN_CODES(set, prefix, bits, doc) width[#set] = bits;
#include "model/arch/layout.def"
#define KILBURN_FIELD(set, name, msb, lsb, doc) fields.push_back({#set, layout::Field{msb, lsb}.mask(), msb + 1});
#define KILBURN_VALUE(set, name, value, doc) codes.push_back({#set, value, 0});
#include "model/arch/layout.def"
  CHECK(fields.size() > 30);
  CHECK(codes.size() > 30);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    CHECK(fields[i].width <= width.at(fields[i].set));
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[i].set != fields[j].set) continue;
      // A large page's PAT is the lowest bit of what is the frame number in a 4 KB entry.
      const bool pat = fields[i].set == "X86Pte" && (fields[i].bits & fields[j].bits) == 0x1000;
      CHECK((pat || (fields[i].bits & fields[j].bits) == 0));
    }
  }
  for (std::size_t i = 0; i < codes.size(); ++i) {
    CHECK(codes[i].bits >> width.at(codes[i].set) == 0);
    for (std::size_t j = 0; j < i; ++j) CHECK((codes[i].set != codes[j].set || codes[i].bits != codes[j].bits));
  }
}

TEST_CASE("format: the numbers of the three formats") {
  static_assert(info(Format::x86_64).levels == 4 && info(Format::alpha).levels == 3);
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    const FormatInfo f = info(format);
    CHECK(f.format == format);
    CHECK(f.page_shift + f.levels * f.index_bits == f.va_bits);
    CHECK(f.page_shift == f.index_bits + 3);  // a table fills a page
    CHECK(f.hardware_ad == (format == Format::x86_64));
  }
  CHECK(info(Format::alpha).pa_bits == 45);
  CHECK(info(Format::alpha_x64).pa_bits == 44);
  CHECK(info(Format::x86_64).pa_bits == 52);
}

TEST_CASE("format: levels by LA57, pages by the settings, and the widest form") {
  constexpr u32 kLa57 = 0x80;
  const FormatInfo five = info(Format::x86_64, {}, kLa57);
  CHECK(five.levels == 5);
  CHECK(five.va_bits == 57);
  CHECK(info(Format::x86_64, {}, ~kLa57).levels == 4);
  CHECK(widest_info(Format::x86_64).va_bits == 57);
  CHECK(widest_info(Format::alpha_x64).va_bits == 48);
  for (unsigned shift = 13; shift <= 16; ++shift) {  // LX: 3 levels of page_shift - 3 bits
    Settings settings;
    settings.page_shift = static_cast<u8>(shift);
    const FormatInfo f = info(Format::alpha, settings, kLa57);
    CHECK(f.levels == 3);
    CHECK(f.page_shift == shift);
    CHECK(f.va_bits == 4 * shift - 9);
    CHECK(f.pa_bits == 32 + shift);
    CHECK(widest_info(Format::alpha, settings).va_bits == f.va_bits);
    CHECK(info(Format::alpha_x64, settings, 0).page_shift == 12);
  }
  CHECK(info(Format::alpha, {}, 0).va_bits == 43);
}

TEST_CASE("settings: the configuration word and back") {
  // PA_WIDTH 5:0, PAGE1G 6, AMD 7, VMS 8, CHIP 10:9 (EV4 0, EV5 1, EV6 2)
  CHECK(config_word(Format::x86_64, {}) == (40u | 1u << 6 | 1u << 9));
  CHECK(config_word(Format::alpha, {}) == (40u | 1u << 6 | 1u << 9));
  CHECK(config_word(Format::alpha_x64, {}) == (40u | 1u << 6 | 2u << 9));
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    CHECK(settings_of(format, config_word(format, {})) == Settings{});
    for (u32 word = 0; word < 0x600; ++word) CHECK(config_word(format, settings_of(format, word)) == word);
    // the code that is no chip's stands for EV4 (rtl/README.md, superpages)
    CHECK(settings_of(format, 3u << 9).chip == Chip::ev4);
  }
  Settings settings;
  settings.pa_width = 52;
  settings.page_1g = false;
  settings.amd = true;
  settings.vms = true;
  settings.chip = Chip::ev6;
  CHECK(config_word(Format::alpha, settings) == (52u | 1u << 7 | 1u << 8 | 2u << 9));
  CHECK(settings_of(Format::alpha, config_word(Format::alpha, settings)) == settings);
}

TEST_CASE("format: indices and entry addresses") {
  // VA<47:39>, <38:30>, <29:21>, <20:12> and VA<42:33>, <32:23>, <22:13>
  constexpr u64 kVa = 0xffff'f123'4567'89ab;
  constexpr FormatInfo kX86 = info(Format::x86_64);
  static_assert(table_index(kX86, kVa, 4) == 0x1e2);
  static_assert(table_index(kX86, kVa, 3) == 0x08d);
  static_assert(table_index(kX86, kVa, 2) == 0x02b);
  static_assert(table_index(kX86, kVa, 1) == 0x078);
  static_assert(entry_address(kX86, 0x1000, kVa, 1) == 0x13c0);
  constexpr FormatInfo kAlpha = info(Format::alpha);
  static_assert(table_index(kAlpha, kVa, 3) == 0x091);
  static_assert(table_index(kAlpha, kVa, 2) == 0x28a);
  static_assert(table_index(kAlpha, kVa, 1) == 0x33c);
  static_assert(entry_address(kAlpha, 0x2000, kVa, 3) == 0x2488);
  SUCCEED();
}

TEST_CASE("format: sign check at its edges") {
  static_assert(sign_ok(info(Format::x86_64), 0x00007fffffffffff));
  static_assert(!sign_ok(info(Format::x86_64), 0x0000800000000000));
  static_assert(sign_ok(info(Format::x86_64), 0xffff800000000000));
  static_assert(!sign_ok(info(Format::x86_64), 0x7fff800000000000));
  static_assert(sign_ok(info(Format::alpha), 0xfffffc0000000000));
  static_assert(!sign_ok(info(Format::alpha), 0xfffff80000000000));
  SUCCEED();
}

TEST_CASE("names") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    CHECK(format_from_name(name(format)) == format);
  }
  CHECK(name(Format::x86_64) == "x86-64");
  CHECK(name(Format::alpha) == "alpha");
  CHECK(name(Format::alpha_x64) == "alpha-x64");
  CHECK_FALSE(format_from_name("").has_value());
  CHECK_FALSE(format_from_name("ALPHA").has_value());
  CHECK(name(Fault::none) == "none");
  CHECK(name(Fault::page) == "#PF");
  CHECK(name(Fault::general) == "#GP");
  CHECK(name(Fault::bus) == "bus error");
  CHECK(name(Fault::tnv) == "TNV");
  CHECK(name(Fault::acv) == "ACV");
  CHECK(name(Fault::on_read) == "FOR");
  CHECK(name(Fault::on_execute) == "FOE");
  CHECK(name(Fault::on_write) == "FOW");
  CHECK(name(Op::fetch) == "fetch");
  CHECK(name(Mode::supervisor) == "supervisor");
}
