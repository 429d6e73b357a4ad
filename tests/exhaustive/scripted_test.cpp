// SPDX-License-Identifier: Apache-2.0
//
// The six scripted cases of kvm-unit-tests' access test, each a short story of accesses that once went wrong in a
// hypervisor's shadow page tables; told anew with our own addresses, on every machine.
#include "tests/catch.h"
#include "tests/exhaustive/machine.h"
#include "tests/exhaustive/tables.h"

using namespace kilburn;
using namespace kilburn::exhaustive;

namespace {

constexpr u64 kPage = 0x240'0000;  // 4 KB and 2 MB aligned

class Story {
 public:
  Story(const std::string& dut, unsigned levels) : machine(make_machine(dut, Format::x86_64)), tables(levels) {
    machine->restart({});
    machine->context = {};
    machine->context.root = table_at(levels);
    set(levels == 5 ? kLa57 : 0);
    five_ = levels == 5;
  }
  ~Story() { machine->finish(); }

  void set(u32 controls) { machine->context.controls = controls | (five_ ? kLa57 : 0); }
  u64 put(u64 va, unsigned level, u64 entry) {
    const u64 place = tables.slot(*machine, va, level);
    machine->store(place, entry);
    return place;
  }
  void invlpg(u64 va) { machine->invalidate(arch::layout::Inv::PAGE, va, 0); }
  u64 word(u64 place) { return machine->load(place); }
  Response access(u64 va, Op op, Mode mode = Mode::kernel) {
    return machine->access({.va = va, .op = op, .mode = mode});
  }

  void allowed(u64 va, Op op, u64 pa, Mode mode = Mode::kernel) {
    const Response r = access(va, op, mode);
    CHECK(r.fault == Fault::none);
    CHECK(r.pa == pa);
  }
  void refused(u64 va, Op op, unsigned err, Mode mode = Mode::kernel) {
    const Response r = access(va, op, mode);
    CHECK(r.fault == Fault::page);
    CHECK(r.err == err);
  }

  std::unique_ptr<Machine> machine;
  Tables tables;

 private:
  bool five_ = false;
};

template <class Tell>
void everywhere(Tell&& tell) {
  for (const char* dut : {"walk", "arch", "tlm", "mmu", "mmu-tiny"}) {
    for (const unsigned levels : {4u, 5u}) {
      INFO(dut << ", " << levels << " levels");
      Story story(dut, levels);
      tell(story);
    }
  }
}

}  // namespace

TEST_CASE("a write through a writable large page does not make its read-only alias writable") {
  everywhere([](Story& s) {
    const u64 writable = 0xffff'9234'0000'0000, read_only = 0xffff'e666'0000'0000;
    s.set(kWp);
    const u64 alias = s.put(read_only, 2, kPage | kP | kPs);
    s.allowed(read_only, Op::read, kPage);
    const u64 entry = s.put(writable, 2, kPage | kP | kW | kPs);
    s.allowed(writable, Op::read, kPage);
    s.allowed(writable, Op::write, kPage);
    CHECK(s.word(entry) == (kPage | kP | kW | kPs | kA | kD));
    s.refused(read_only, Op::write, kErrP | kErrW);
    CHECK(s.word(alias) == (kPage | kP | kPs | kA));
  });
}

TEST_CASE("the error code of a neighbour of a page just used is its own") {
  everywhere([](Story& s) {
    const u64 first = 0xffff'9234'0600'1000, second = 0xffff'9234'0600'3000;
    s.put(first, 1, kPage | kP);
    s.put(second, 1, kPage | kP | kNx);  // NXE is 0: reserved
    s.allowed(first, Op::read, kPage);
    s.refused(second, Op::read, kErrP | kErrRsvd);
  });
}

TEST_CASE("a write with WP = 0 to a read-only large page sets D in each alias by itself") {
  everywhere([](Story& s) {
    const u64 first = 0xffff'9234'0300'0000, second = 0xffff'e666'0600'0000;
    const u64 two = s.put(second, 2, kPage | kP | kPs);
    s.allowed(second, Op::read, kPage);
    CHECK(s.word(two) == (kPage | kP | kPs | kA));
    const u64 one = s.put(first, 2, kPage | kP | kPs);
    s.allowed(first, Op::write, kPage);
    CHECK(s.word(one) == (kPage | kP | kPs | kA | kD));
    CHECK(s.word(two) == (kPage | kP | kPs | kA));
    s.allowed(second, Op::write, kPage);
    CHECK(s.word(two) == (kPage | kP | kPs | kA | kD));
  });
}

TEST_CASE("SMEP stops the fetch of a user page after a write") {
  everywhere([](Story& s) {
    const u64 va = 0xffff'9234'0600'1000;
    s.put(va, 1, kPage | kP | kU | kA);
    s.set(kSmep | kWp);
    s.refused(va, Op::write, kErrP | kErrW);  // read-only, WP
    s.refused(va, Op::fetch, kErrP | kErrId);
    // The case that the name of the original speaks of: the write passes because WP is 0.
    s.set(kSmep);
    s.allowed(va, Op::write, kPage);
    s.refused(va, Op::fetch, kErrP | kErrId);
  });
}

TEST_CASE("CR0.WP acts without an invalidation, however it is toggled") {
  everywhere([](Story& s) {
    const u64 va = 0xffff'9230'4200'7000;
    const u64 place = s.put(va, 1, kPage | kP | kA);
    for (unsigned n = 0; n < 3; ++n) {
      for (const u32 other : {u32{0}, kNxe}) {
        s.set(other);
        s.allowed(va, Op::write, kPage);
        s.set(other | kWp);
        s.refused(va, Op::write, kErrP | kErrW);
      }
    }
    CHECK(s.word(place) == (kPage | kP | kA | kD));
  });
}

TEST_CASE("two upper entries of one directory keep their own rights") {
  everywhere([](Story& s) {
    const u64 one = 0xffff'9234'8000'0000, two = one + 0x20'0000, three = one + 0x4000'0000, four = three + 0x20'0000;
    const u64 next = kPage + 0x1000;
    // A writable PDPT entry; below it a read-only and a writable directory entry.
    s.put(one, 1, kPage | kP | kW | kU | kA);
    const u64 page_two = s.put(two, 1, next | kP | kW | kU | kA | kD);
    const u64 entry_one = s.tables.slot(*s.machine, one, 2);
    s.machine->store(entry_one, s.word(entry_one) & ~kW);
    // A read-only PDPT entry for the same directory.
    const u64 upper = s.tables.slot(*s.machine, one, 3);
    s.machine->store(s.tables.slot(*s.machine, three, 3), s.word(upper) & ~kW);
    s.set(kWp);
    s.allowed(one, Op::read, kPage, Mode::user);
    s.allowed(two, Op::write, next, Mode::user);
    s.allowed(three, Op::read, kPage, Mode::user);
    s.refused(four, Op::write, kErrP | kErrW | kErrU, Mode::user);
    s.refused(one, Op::write, kErrP | kErrW | kErrU, Mode::user);
    s.allowed(two, Op::write, next, Mode::user);
    CHECK(s.word(page_two) == (next | kP | kW | kU | kA | kD));
  });
}
