// SPDX-License-Identifier: Apache-2.0
//
// The gather's order, and the checker of it, each on its own.
#include "sw/check/order.h"

#include "sw/mm/gather.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

// Writes down what it is asked to do.
struct Recorder final : MmuPort, FrameReleaser {
  AccessResult access(const Access&) override { return Done{}; }
  void set_context(const arch::Context&) override {}
  void invalidate(Invalidate op, u64 va, u16 asid) override {
    calls.push_back("inv " + std::to_string(static_cast<int>(op)) + " " + std::to_string(va) + " " +
                    std::to_string(asid));
  }
  void wait_invalidated() override { calls.push_back("ack"); }
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}
  void release_frame(Pfn pfn) override { calls.push_back("free " + std::to_string(pfn)); }
  Bug bug() const override { return bug_; }
  std::vector<std::string> calls;
  Bug bug_ = Bug::none;
};
using Calls = std::vector<std::string>;

struct Fixture {
  Recorder recorder;
  EventLog log;
  Yield yield{recorder, YieldPolicy::none, 1};
  std::array<MmuPort*, 1> ports{&recorder};
  Cpus cpus{ports, {}, log, yield, {.asid_bits = 2}};
  u16 load(SpaceTag& tag) {
    cpus.load(0, tag, 0);
    return cpus.live(tag)[0];
  }
};

TEST_CASE("gather: frames are freed after the acknowledge of every invalidation") {
  Fixture f;
  SpaceTag one{1}, two{2};
  f.load(one);
  f.load(two);
  Gather g(f.cpus, f.recorder);
  g.unhooked(one, 0x1000);
  g.free_after(7);
  g.unhooked(two, 0x2000);
  g.free_after(8);
  CHECK(f.recorder.calls.empty());
  g.commit();
  CHECK(f.recorder.calls == Calls{"inv 3 4096 1", "ack", "inv 3 8192 2", "ack", "free 7", "free 8"});
}

TEST_CASE("gather: many pages or a table take one invalidation of the space") {
  Fixture f;
  SpaceTag one{1};
  f.load(one);
  {
    Gather g(f.cpus, f.recorder);
    for (u64 n = 0; n < 9; ++n) g.unhooked(one, n << 12);
    g.commit();
    CHECK(f.recorder.calls == Calls{"inv 2 0 1", "ack"});
  }
  f.recorder.calls.clear();
  Gather g(f.cpus, f.recorder);
  g.unhooked(one, 0x1000);
  g.table_unhooked(one);
  g.free_after(3);
  g.commit();
  CHECK(f.recorder.calls == Calls{"inv 2 0 1", "ack", "free 3"});
}

TEST_CASE("gather: a space that no TLB knows needs no invalidation") {
  Fixture f;
  SpaceTag never{1};
  Gather g(f.cpus, f.recorder);
  g.unhooked(never, 0x1000);
  g.free_after(3);
  g.commit();
  CHECK(f.recorder.calls == Calls{"free 3"});
}

TEST_CASE("asid: when the numbers run out everything is invalidated before one is used again (P34)") {
  Fixture f;  // 2 bits: 1, 2, 3
  SpaceTag tags[5];
  CHECK(f.load(tags[0]) == 1);
  CHECK(f.load(tags[1]) == 2);
  CHECK(f.load(tags[2]) == 3);
  CHECK(f.load(tags[0]) == 1);
  CHECK(f.recorder.calls.empty());
  CHECK(f.load(tags[3]) == 1);
  CHECK(f.recorder.calls == Calls{"inv 1 0 0", "ack"});
  CHECK(f.cpus.live(tags[0])[0] == 0);
  CHECK(f.cpus.live(tags[3])[0] == 1);
  CHECK(f.load(tags[1]) == 2);  // a new one, though the same number
  CHECK(f.cpus.wraps() == 1);
}

// --- the checker, fed by hand -----------------------------------------------------------------------

struct Feed {
  const PteFormat& format = PteFormat::of(arch::Format::x86_64);
  EventLog log;
  OrderChecker checker{format, 100, log};
  u64 rw = format.leaf({.kind = EntryKind::leaf, .pfn = 9, .rights = kRead | kWrite, .young = true});
  u64 ro = format.with_rights(rw, kRead);

  void entry(u64 seen, u64 old_word, u64 new_word, u16 asid = 1) {
    checker.event({.kind = MmEvent::Kind::entry,
                   .space = 1,
                   .va = 0x1000,
                   .span = 4096,
                   .seen = seen,
                   .old_word = old_word,
                   .new_word = new_word,
                   .live = {asid}});
  }
  void invalidate(Invalidate op, u64 va, u16 asid) {
    checker.event({.kind = MmEvent::Kind::invalidate, .op = op, .asid = asid, .va = va});
  }
  void acknowledge() { checker.event({.kind = MmEvent::Kind::acknowledge}); }
  std::string free(u32 pfn) {
    return test::tripped([&] { checker.event({.kind = MmEvent::Kind::free, .pfn = pfn}); });
  }
  std::string runs() {
    return test::tripped([&] { checker.event({.kind = MmEvent::Kind::access, .space = 1}); });
  }
};

TEST_CASE("order: freeing needs unhook, invalidate, acknowledge (P29)") {
  Feed f;
  f.entry(f.rw, f.rw, 0);
  CHECK(f.free(9) == "P29");
  f.invalidate(Invalidate::page, 0x1000, 1);
  CHECK(f.free(9) == "P29");  // not acknowledged
  f.acknowledge();
  CHECK(f.free(9) == "");
}

TEST_CASE("order: an invalidation of another page or space does not count") {
  Feed f;
  f.entry(f.rw, f.rw, 0);
  f.invalidate(Invalidate::page, 0x2000, 1);
  f.invalidate(Invalidate::page, 0x1000, 2);
  f.invalidate(Invalidate::asid, 0, 2);
  f.acknowledge();
  CHECK(f.free(9) == "P29");
  CHECK(f.free(10) == "");
}

TEST_CASE("order: a downgrade must be invalidated before a program runs on, an upgrade need not (P28)") {
  Feed f;
  f.entry(f.ro, f.ro, f.rw);
  f.entry(0, 0, f.rw);
  CHECK(f.runs() == "");
  f.entry(f.rw, f.rw, f.ro);
  CHECK(f.runs() == "P28");
  f.invalidate(Invalidate::asid, 0, 1);
  f.acknowledge();
  CHECK(f.runs() == "");
  f.entry(f.rw, f.rw, f.ro, 0);  // the space has no live ASID
  CHECK(f.runs() == "");
}

TEST_CASE("order: a table is covered by nothing less than its space") {
  Feed f;
  const MmEvent table{.kind = MmEvent::Kind::table,
                      .space = 1,
                      .va = 0,
                      .span = 1 << 21,
                      .old_word = f.format.table(12),
                      .new_word = 0,
                      .live = {1}};
  f.checker.event(table);
  f.invalidate(Invalidate::page, 0x1000, 1);
  f.acknowledge();
  CHECK(f.free(12) == "P29");
  f.invalidate(Invalidate::nonglobal, 0, 0);
  f.acknowledge();
  CHECK(f.free(12) == "");
}

TEST_CASE("order: an overwritten dirty bit is noticed (P32), and malformed words (P33)") {
  Feed f;
  const u64 dirty = f.format.with_dirty(f.rw, true);
  CHECK(test::tripped([&] { f.entry(f.rw, dirty, 0); }) == "P32");
  CHECK(test::tripped([&] { f.entry(dirty, dirty, 0); }) == "");
  CHECK(test::tripped([&] { f.entry(0, 0, f.format.swap(3) | 1); }) == "P33");
  CHECK(test::tripped([&] { f.entry(0, 0, f.format.leaf({.kind = EntryKind::leaf, .pfn = 100})); }) == "P33");
  CHECK(test::tripped([&] { f.entry(0, 0, f.format.swap(3)); }) == "");
}

}  // namespace
}  // namespace kilburn::os
