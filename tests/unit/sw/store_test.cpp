// SPDX-License-Identifier: Apache-2.0
//
// Swap areas, the buffer cache, swap images, and the seeded bugs of swapping.
#include <cerrno>
#include <cstring>

#include "sw/check/swap_image.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;
using Machine = test::Machine<>;
constexpr Rights kBoth = kRead | kWrite;

Config config(arch::Format format, u32 frames = 24) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

// --- buffer cache ---------------------------------------------------------------------------------

struct Frames final : BufferFrames {
  explicit Frames(Pfn frames) : left(frames) {}
  Pfn lend_frame() override { return left == 0 ? kNoFrame : --left; }
  void return_frame(Pfn pfn) override { returned.push_back(pfn); }
  Pfn left;
  std::vector<Pfn> returned;
};

std::vector<std::byte> block(int value, size_t n = 512) {
  return std::vector<std::byte>(n, static_cast<std::byte>(value));
}

TEST_CASE("buffer cache: kept blocks are written late, read without the device, and never overtaken") {
  MemoryDevice device;
  FaultyDevice counted(device, std::vector<FaultyDevice::Plan>{});
  RamMem ram(4 * 4096);
  Frames frames(2);
  BufferCache cache(4096);
  cache.use(ram, frames);
  const u32 dev = cache.attach(counted);
  REQUIRE(cache.write(dev, 0, block(1, 4096)) == 0);
  REQUIRE(cache.write_kept(dev, 3, block(9)) == 0);
  CHECK(counted.writes() == 1);
  CHECK(device.bytes()[3 * 512] == std::byte{1});
  auto out = block(0, 4096);
  REQUIRE(cache.read(dev, 0, out) == 0);  // a page read sees the newer block
  CHECK(out[3 * 512] == std::byte{9});
  CHECK(out[4 * 512] == std::byte{1});
  CHECK(cache.frames() == 1);
  const u64 reads = counted.reads();
  auto one = block(0);
  REQUIRE(cache.read_kept(dev, 3, one) == 0);
  REQUIRE(cache.read_kept(dev, 5, one) == 0);
  REQUIRE(cache.read_kept(dev, 5, one) == 0);
  CHECK(counted.reads() == reads + 1);
  REQUIRE(cache.sync(dev) == 0);
  CHECK(device.bytes()[3 * 512] == std::byte{9});
  CHECK(counted.writes() == 2);
  REQUIRE(cache.write(dev, 0, block(4, 4096)) == 0);  // a page write reaches the kept blocks
  REQUIRE(cache.read_kept(dev, 3, one) == 0);
  CHECK(one == block(4));
}

TEST_CASE("buffer cache: shrinking writes dirty blocks first and frees whole frames (row 74)") {
  MemoryDevice device;
  RamMem ram(4 * 4096);
  Frames frames(3);
  BufferCache cache(4096);
  cache.use(ram, frames);
  const u32 dev = cache.attach(device);
  for (u64 n = 0; n < 24; ++n) REQUIRE(cache.write_kept(dev, n, block(static_cast<int>(n + 1))) == 0);
  CHECK(cache.frames() == 3);                          // eight blocks each
  REQUIRE(cache.write_kept(dev, 24, block(25)) == 0);  // no frame left: straight to the device
  CHECK(device.bytes()[24 * 512] == std::byte{25});
  CHECK(cache.shrink(2) == 2);
  CHECK(frames.returned.size() == 2);
  CHECK(cache.shrink(9) == 1);
  CHECK(cache.frames() == 0);
  auto out = block(0);
  for (u64 n = 0; n < 24; ++n) {
    REQUIRE(cache.read(dev, n, out) == 0);
    CHECK(out == block(static_cast<int>(n + 1)));
  }
}

TEST_CASE("buffer cache: a block that cannot be written stays") {
  MemoryDevice device;
  FaultyDevice faulty(device, {{FaultyDevice::Fault::eio, true, 0, 5}});
  RamMem ram(2 * 4096);
  Frames frames(1);
  BufferCache cache(4096);
  cache.use(ram, frames);
  const u32 dev = cache.attach(faulty);
  REQUIRE(cache.write_kept(dev, 0, block(7)) == 0);
  CHECK(cache.sync(dev) == EIO);  // three attempts
  CHECK(cache.shrink(1) == 0);    // three more
  CHECK(cache.frames() == 1);
  CHECK(cache.shrink(1) == 1);
  CHECK(device.bytes()[0] == std::byte{7});
}

// --- several areas --------------------------------------------------------------------------------

TEST_CASE("swap areas: the highest priority fills first, equals take turns (row 25)") {
  MemoryDevice device[4];
  BufferCache buffers(4096);
  SwapSpace swap(buffers, 4096, 1000);
  u32 low = 0, left = 0, right = 0, more = 0;
  REQUIRE(swap.on(device[0], 4, 1, low) == 0);
  REQUIRE(swap.on(device[1], 3, 5, left) == 0);
  REQUIRE(swap.on(device[2], 3, 5, right) == 0);
  CHECK(swap.on(device[3], 1000, 0, more) == EINVAL);  // past what an entry can name
  CHECK(swap.slots() == 10);
  std::vector<u32> areas, taken;
  for (int n = 0; n < 10; ++n) {
    taken.push_back(swap.take());
    areas.push_back(swap.area_of(taken.back()));
  }
  CHECK(areas == std::vector<u32>{left, right, left, right, left, right, low, low, low, low});
  CHECK(swap.take() == 0);
  for (const u32 slot : taken) {
    REQUIRE(swap.write(slot, block(static_cast<int>(slot), 4096)) == 0);
  }
  auto out = block(0, 4096);
  for (const u32 slot : taken) {
    REQUIRE(swap.read(slot, out) == SwapSpace::ReadError::none);
    CHECK(out == block(static_cast<int>(slot), 4096));
  }
  swap.close(right);
  for (const u32 slot : taken) swap.release(slot);
  swap.remove(right);
  CHECK(swap.slots() == 7);
  CHECK_THROWS_AS(swap[taken[1]], Violation);
  REQUIRE(swap.on(device[3], 3, 9, more) == 0);  // takes the place that is free
  CHECK(more == right);
  CHECK(swap.area_of(swap.take()) == more);
}

TEST_CASE("swap areas: swapoff under load brings every page back (row 25)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 40);
    c.swap_slots = 64;
    Machine m(c);
    Memory& memory = m.kernel.memory();
    MemoryDevice second;
    u32 area = 0;
    REQUIRE(memory.swap_on(second, 40, 10, area) == 0);
    u32 id = 0;
    REQUIRE(memory.shm_get(1, 4 * m.page(), true, id) == 0);
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.shmat(p, id, 0x4000000, kBoth) == 0);
    const u64 a = m.kernel.mmap_anywhere(p, 60 * m.page(), kBoth);
    for (u64 n = 0; n < 4; ++n) REQUIRE(m.store(p, 0x4000000 + n * m.page()));
    for (u64 n = 0; n < 60; ++n) REQUIRE(m.store(p, a + n * m.page()));
    memory.shm_swap(4);
    Process& q = m.kernel.fork(p);
    for (u64 n = 0; n < 10; ++n) REQUIRE(m.load(q, a + n * m.page()));
    CHECK(memory.swap().slots() == 104);
    m.kernel.audit();
    REQUIRE(memory.swap_off(area) == 0);
    CHECK(memory.swap().slots() == 64);
    m.kernel.audit();
    for (u64 n = 0; n < 60; ++n) REQUIRE(m.load(p, a + n * m.page()));
    for (u64 n = 0; n < 60; ++n) REQUIRE(m.load(q, a + n * m.page()));
    for (u64 n = 0; n < 4; ++n) REQUIRE(m.load(q, 0x4000000 + n * m.page()));
    CHECK(memory.swap_off(area) == EINVAL);
    m.kernel.finish();
  }
}

TEST_CASE("swap areas: swapoff without room fails, and all goes on") {
  Config c = config(arch::Format::x86_64, 24);
  c.swap_slots = 40;
  Machine m(c);
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, 40 * m.page(), kBoth);
  for (u64 n = 0; n < 40; ++n) REQUIRE(m.store(p, a + n * m.page()));
  CHECK(m.kernel.memory().swap_off(0) == ENOMEM);
  m.kernel.audit();
  for (u64 n = 0; n < 40; ++n) REQUIRE(m.load(p, a + n * m.page()));
  m.kernel.finish();
}

// --- the host's disk ------------------------------------------------------------------------------

TEST_CASE("swap areas: a full disk of the host is named as such, no byte is lost") {
  MemoryDevice device;
  FaultyDevice full(device, {{FaultyDevice::Fault::no_space, true, 9, ~u64{0}}});
  Machine m(config(arch::Format::x86_64), full);
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, 60 * m.page(), kBoth);
  u64 stored = 0;
  std::string message;
  try {
    for (; stored < 60; ++stored) m.store(p, a + stored * m.page());
  } catch (const HostError& e) {
    message = e.what();
  }
  CHECK_THAT(message, Catch::Matchers::Contains("No space left on device"));
  CHECK(stored > 16);
  m.kernel.audit();
  OracleSpace::Bytes bytes;
  p.oracle.for_each([&](u64 va, const OracleSpace::Bytes& expected) {
    REQUIRE(m.kernel.memory().peek(*p.space, va, bytes));
    CHECK(bytes == expected);
  });
  // With room elsewhere the run goes on.
  MemoryDevice other;
  u32 area = 0;
  REQUIRE(m.kernel.memory().swap_on(other, 64, -1, area) == 0);
  for (u64 n = 0; n < 60; ++n) REQUIRE(m.store(p, a + n * m.page()));
  for (u64 n = 0; n < 60; ++n) REQUIRE(m.load(p, a + n * m.page()));
  m.kernel.finish();
  CHECK(m.kernel.statistics().memory.lost_writes > 0);  // the checksums of the area that is full
}

// --- images (P56) ---------------------------------------------------------------------------------

// Swaps, syncs, swaps again; stops where the device does. False if it did.
bool swap_a_lot(BlockDevice& device, arch::Format format) {
  try {
    Config c = config(format, 16);
    c.swap_slots = 40;
    Machine m(c, device);
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 24 * m.page(), kBoth);
    for (int round = 0; round < 2; ++round) {
      for (u64 n = 0; n < 24; ++n) must(m.store(p, a + n * m.page()));
      must(m.kernel.memory().write_back_all() == 0);
    }
    m.kernel.finish();
  } catch (const DeviceStopped&) {
    return false;
  }
  return true;
}

TEST_CASE("swap image: after a sync it is clean and every slot matches") {
  for (const arch::Format format : kFormats) {
    MemoryDevice device;
    Config c = config(format, 16);
    c.swap_slots = 40;
    Machine m(c, device);
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 24 * m.page(), kBoth);
    for (u64 n = 0; n < 24; ++n) REQUIRE(m.store(p, a + n * m.page()));
    CHECK_FALSE(audit_swap_image(device.bytes()).clean);
    REQUIRE(m.kernel.memory().write_back_all() == 0);
    const SwapImage image = audit_swap_image(device.bytes());
    CHECK(image.clean);
    CHECK(image.slots == 40);
    CHECK(image.verified >= 12);
    // It bites: one bit of a page, of the table, of both headers.
    auto bytes = device.bytes();
    u64 slot = 0;
    m.kernel.memory().swap().for_each([&](u32 n, const SwapSpace::Slot& s) {
      if (slot == 0 && s.users != 0) slot = n;
    });
    bytes[slot * m.page() + 5] ^= std::byte{4};
    CHECK(tripped([&] { audit_swap_image(bytes); }) == "P56");
    bytes = device.bytes();
    bytes[41 * m.page() + 3] ^= std::byte{4};
    CHECK(tripped([&] { audit_swap_image(bytes); }) == "P56");
    bytes = device.bytes();
    bytes[9] ^= std::byte{4};
    bytes[m.page() / 2 + 9] ^= std::byte{4};
    CHECK(tripped([&] { audit_swap_image(bytes); }) == "P56");
    m.kernel.finish();
  }
}

TEST_CASE("swap image: wherever the machine stops, the image does not contradict itself (P56)") {
  for (const arch::Format format : {arch::Format::x86_64, arch::Format::alpha}) {
    u64 stopped = 0, clean = 0;
    for (const FaultyDevice::Fault fault : {FaultyDevice::Fault::stop, FaultyDevice::Fault::stop_half}) {
      bool ended = false;
      for (u64 n = 1; !ended; ++n) {  // 0 is the first header: before it there is no image
        INFO(arch::name(format) << " write " << n);
        MemoryDevice device;
        FaultyDevice faulty(device, {{fault, true, n, n}});
        ended = swap_a_lot(faulty, format);
        stopped += !ended;
        clean += audit_swap_image(device.bytes()).clean;
      }
    }
    CHECK(stopped > 60);
    CHECK(clean >= 4);
  }
}

TEST_CASE("swap image: a page written over while the image says clean is found (P56)") {
  MemoryDevice device;
  BufferCache buffers(4096);
  SwapArea swap(buffers, buffers.attach(device), 40, 4096);
  const u32 slot = swap.take();
  swap[slot].users = 1;
  REQUIRE(swap.write(slot, block(1, 4096)) == 0);
  REQUIRE(swap.sync() == 0);
  const auto clean = device.bytes();
  CHECK(audit_swap_image(clean).verified == 1);
  REQUIRE(swap.write(slot, block(2, 4096)) == 0);
  CHECK_FALSE(audit_swap_image(device.bytes()).clean);  // said before the page was written
  // The same without saying so: the new page under the old headers and table.
  auto wrong = clean;
  std::copy_n(device.bytes().begin() + slot * 4096, 4096, wrong.begin() + slot * 4096);
  CHECK(tripped([&] { audit_swap_image(wrong); }) == "P56");
}

// --- seeded bugs ----------------------------------------------------------------------------------

template <class Run>
std::string with_bug(Bug bug, arch::Format format, u64 audit_every, Run&& run) {
  Config c = config(format, 20);
  c.bug = bug;
  c.audit_every = audit_every;
  MemoryDevice device;
  FaultyDevice faulty(device, {{FaultyDevice::Fault::lost, true, 6, 6}, {FaultyDevice::Fault::eio, false, 9, 11}});
  return tripped([&] {
    Machine m(c, faulty);
    run(m);
    m.kernel.finish();
  });
}

TEST_CASE("bugs: M4, M14 and M18 are caught by the checks that are for them") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [](Machine& m) {
      for (int n = 0; n < 3; ++n) {
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, 30 * m.page(), kBoth);
        for (u64 at = 0; at < 30 && p.alive(); ++at) m.store(p, a + at * m.page());
        for (u64 at = 0; at < 30 && p.alive(); ++at) m.load(p, a + at * m.page());
      }
    };
    CHECK(with_bug(Bug::none, format, 1, run) == "");
    CHECK(with_bug(Bug::map_unread, format, 0, run) == "P55");  // as soon as it is mapped
    CHECK(with_bug(Bug::bare_checksum, format, 1, run) == "P55");
    CHECK(with_bug(Bug::rss_leak, format, 1, run) == "P63");
  }
}

TEST_CASE("bugs: M7, a slot that is not released, is seen in shared memory too") {
  Config c = config(arch::Format::x86_64, 20);
  c.bug = Bug::slot_leak;
  CHECK(tripped([&] {
          Machine m(c);
          u32 segment = 0;
          must(m.kernel.memory().shm_get(1, 4 * m.page(), true, segment) == 0);
          Process& p = m.kernel.spawn();
          must(m.kernel.shmat(p, segment, 0x100000, kBoth) == 0);
          must(m.store(p, 0x100000));
          must(m.kernel.memory().shm_swap(1) == 1);
          must(m.load(p, 0x100000));
          m.kernel.audit();
        }) == "P46");
}

}  // namespace
}  // namespace kilburn::os
