// SPDX-License-Identifier: Apache-2.0
//
// Accesses that cross pages: the pieces, and which address a fault names.
#include "model/arch/crossing.h"

#include <vector>

#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;

// The first fault of an access over its pieces, and the address it names.
struct Crossed {
  FaultReport fault;
  u64 va = 0;
};
Crossed access(const Tables& tables, Format format, u64 va, u64 length, Op op, Mode mode) {
  const u32 controls = tables.context.controls;
  for (const Piece& piece : Pieces(info(format, tables.settings, controls), va, length)) {
    const Outcome got = tables.walk({piece.va, op, mode});
    if (got.fault.code != Fault::none) return {got.fault, piece.va};
  }
  return {};
}

}  // namespace

TEST_CASE("crossing: the pieces join to the access and none crosses a page") {
  for (const unsigned page_shift : {12u, 13u, 16u}) {
    FormatInfo format = info(Format::x86_64);
    format.page_shift = static_cast<u8>(page_shift);
    const u64 page = u64{1} << page_shift;
    for (u64 start = page - 70; start < page + 3; ++start) {
      for (const u64 length : {u64{0}, u64{1}, u64{2}, u64{8}, u64{16}, u64{63}, u64{64}, page, 3 * page + 5}) {
        u64 next = 0;
        unsigned pieces = 0;
        for (const Piece& piece : Pieces(format, start, length)) {
          CHECK(piece.offset == next);
          CHECK(piece.va == start + next);
          CHECK(piece.length > 0);
          CHECK(piece.va / page == (piece.va + piece.length - 1) / page);
          next += piece.length;
          ++pieces;
        }
        CHECK(next == length);
        const u64 touched = length == 0 ? 0 : (start + length - 1) / page - start / page + 1;
        CHECK(pieces == touched);
        CHECK(crosses_page(format, start, length) == (touched > 1));
      }
    }
  }
}

TEST_CASE("crossing: addresses wrap at 2^64") {
  std::vector<Piece> pieces;
  for (const Piece& piece : Pieces(info(Format::x86_64), ~u64{0} - 3, 8)) pieces.push_back(piece);
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].va == ~u64{0} - 3);
  CHECK(pieces[0].length == 4);
  CHECK(pieces[1].va == 0);
  CHECK(pieces[1].length == 4);
  CHECK(pieces[1].offset == 4);
}

TEST_CASE("T32 a fault names the first byte in the faulting page, and the first page faults first") {
  // Two neighbouring pages of one last-level table.
  constexpr u64 kFirst = 0x0000'7654'3210'f000;
  Tables tables(Format::x86_64, kFirst);
  const u64 second = tables.entry_pa(1) + 8;
  tables.memory[second] = tables.leaf(Tables::kFrame + 0x1000);
  const u64 va = kFirst + 0xffd;
  CHECK(access(tables, Format::x86_64, va, 8, Op::write, Mode::user).fault.code == Fault::none);
  tables.memory[second] &= ~u64{2};
  const Crossed later = access(tables, Format::x86_64, va, 8, Op::write, Mode::user);
  CHECK(later.va == kFirst + 0x1000);
  CHECK(later.fault.error == 0x7);
  tables.entry(1) = 0;
  const Crossed earlier = access(tables, Format::x86_64, va, 8, Op::write, Mode::user);
  CHECK(earlier.va == va);
  CHECK(earlier.fault.error == 0x6);
}

TEST_CASE("T33 an access into the canonical hole: general protection by its second half alone") {
  for (const u32 la57 : {0u, kLa57}) {
    const u64 edge = la57 ? u64{1} << 56 : u64{1} << 47;
    Tables tables(Format::x86_64, edge - 0x1000, la57);
    const Crossed got = access(tables, Format::x86_64, edge - 3, 8, Op::read, Mode::user);
    CHECK(got.fault.rule == Rule::x86_canonical);
    CHECK(got.va == edge);
    CHECK(access(tables, Format::x86_64, edge - 8, 8, Op::read, Mode::user).fault.code == Fault::none);
    // a first half that page-faults comes first
    tables.entry(1) = 0;
    CHECK(access(tables, Format::x86_64, edge - 3, 8, Op::read, Mode::user).fault.rule == Rule::x86_not_present);
  }
}
