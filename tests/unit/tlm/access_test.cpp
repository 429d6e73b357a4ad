// SPDX-License-Identifier: Apache-2.0
//
// Blocking transport: translation and data, every fault, page crossing, attributes, annotated delays.
#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kVa = 0x12345000 & ~u64{0x1FFF};

void check_fault(const Reply& reply, Fault code, u64 va, u16 error = 0) {
  CHECK(reply.status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(reply.fault.code == code);
  CHECK(reply.fault.error == error);
  CHECK(reply.fault_va == va);
}

// A store and a load by every length and many alignments inside one page land at pa + offset.
void check_data(Platform& p, u64 va, u64 pa) {
  for (unsigned length = 1; length <= 16; ++length) {
    for (const unsigned offset : {0U, 1U, 7U, 1000U}) {
      unsigned char out[16], in[16] = {};
      for (unsigned i = 0; i < length; ++i) out[i] = static_cast<unsigned char>(offset + 3 * i + length);
      REQUIRE(p.cpu.access(::tlm::TLM_WRITE_COMMAND, va + offset, out, length, {}).ok());
      CHECK(std::memcmp(p.memory.data() + pa + offset, out, length) == 0);
      REQUIRE(p.cpu.access(::tlm::TLM_READ_COMMAND, va + offset, in, length, {}).ok());
      CHECK(std::memcmp(in, out, length) == 0);
    }
  }
}

void check_byte_enables(Platform& p) {
  p.tables.map(0x1000, 0x805000, kUsed);
  p.tables.map(0x2000, 0x803000, kUsed);
  for (const u64 va : {u64{0x1010}, u64{0x1FFD}}) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      unsigned char data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
      unsigned char zero[8] = {};
      unsigned char enable[3] = {0xFF, 0, 0xFF};  // shorter than the data: it repeats
      REQUIRE(p.cpu.access(::tlm::TLM_WRITE_COMMAND, va, zero, 8, {}).ok());
      Payload payload;
      PayloadPool::aim(payload, ::tlm::TLM_WRITE_COMMAND, va, data, 8);
      payload.set_byte_enable_ptr(enable);
      payload.set_byte_enable_length(3);
      REQUIRE(p.cpu.send(payload, {}).ok());
      unsigned char all[8] = {};
      REQUIRE(p.cpu.access(::tlm::TLM_READ_COMMAND, va, all, 8, {}).ok());
      const unsigned char expected[8] = {1, 0, 3, 4, 0, 6, 7, 0};
      CHECK(std::memcmp(all, expected, 8) == 0);
      unsigned char some[8] = {9, 9, 9, 9, 9, 9, 9, 9};
      PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, va, some, 8);
      payload.set_byte_enable_ptr(enable);
      payload.set_byte_enable_length(3);
      REQUIRE(p.cpu.send(payload, {}).ok());
      const unsigned char masked[8] = {1, 9, 3, 4, 9, 6, 7, 9};
      CHECK(std::memcmp(some, masked, 8) == 0);
    }
  }
}

}  // namespace

TEST_CASE("x86-64 pages of three sizes lead to their data") {
  Platform p;
  p.tables.map(kVa, 0x800000, kUsed | kD);
  p.tables.map(0x40000000, 0x1200000, kUsed | kD | kPS, 2);
  p.tables.map(0x8000000000, 0, kUsed | kD | kPS, 3);
  check_data(p, kVa, 0x800000);
  check_data(p, 0x40000000 + 0x123000, 0x1323000);
  check_data(p, 0x8000000000 + 0x1500000, 0x1500000);
  CHECK(p.mmu.counters().walks == 3);
}

TEST_CASE("alpha pages and granularity-hint blocks lead to their data") {
  Platform p(for_format(Format::alpha));
  p.tables.map(kVa, 0x800000, kAlphaAll);
  check_data(p, kVa, 0x800000);
  // GH = 1: eight pages of 8 KB by any one entry of the block.
  p.tables.map(0x40000000, 0x900000, kAlphaAll | kGH1);
  p.tables.map(0x40000000 + 5 * 0x2000, 0x900000 + 5 * 0x2000, kAlphaAll | kGH1);
  check_data(p, 0x40000000 + 5 * 0x2000, 0x900000 + 5 * 0x2000);
  check_data(p, 0x40000000 + 3 * 0x2000, 0x900000 + 3 * 0x2000);  // by the block that is held
  CHECK(p.mmu.counters().walks == 2);
}

TEST_CASE("alpha-x64 pages lead to their data") {
  Platform p(for_format(Format::alpha_x64));
  p.tables.map(kVa, 0x800000, kAlphaAll);
  check_data(p, kVa, 0x800000);
  CHECK(p.mmu.counters().reads == 4);
}

TEST_CASE("x86-64 faults carry code, error code, level and address") {
  Platform p;
  u64 word = 0;
  const u64 user_read_only = 0x1000, no_execute = 0x2000, reserved = 0x3000, kernel_only = 0x4000, absent = 0x5000;
  p.tables.map(user_read_only, 0x800000, kP | kUS | kA);
  p.tables.map(no_execute, 0x801000, kUsed | kNX);
  p.tables.map(reserved, u64{1} << 45, kUsed);
  p.tables.map(kernel_only, 0x802000, kP | kRW | kA);
  // Error codes: P 1, W 2, U 4, RSVD 8, I/D 16 (SDM 4.7).
  check_fault(p.read(absent + 5, word), Fault::page, absent + 5, 0);
  check_fault(p.write(absent, 1, {Op::read, Mode::user, false}), Fault::page, absent, 6);
  check_fault(p.write(user_read_only, 1), Fault::page, user_read_only, 3);
  check_fault(p.write(user_read_only, 1, {Op::read, Mode::user, false}), Fault::page, user_read_only, 7);
  check_fault(p.read(no_execute, word, {Op::fetch, Mode::user, false}), Fault::page, no_execute, 0x15);
  check_fault(p.read(reserved, word), Fault::page, reserved, 9);
  check_fault(p.read(kernel_only, word, {Op::read, Mode::user, false}), Fault::page, kernel_only, 5);
  check_fault(p.read(0x0000'8000'0000'0000, word), Fault::general, 0x0000'8000'0000'0000);
  // A read that must be allowed to store (trap T30).
  check_fault(p.read(user_read_only, word, {Op::write, Mode::kernel, false}), Fault::page, user_read_only, 3);
  CHECK(p.read(absent, word).fault.level == 1);
  CHECK(p.read(0x4000'0000'0000, word).fault.level == 4);
  CHECK(p.mmu.counters().faults[static_cast<unsigned>(Fault::page)] == 10);
  CHECK(p.mmu.counters().faults[static_cast<unsigned>(Fault::general)] == 1);
  // Live controls: write protection off lets the kernel through, without an invalidation.
  p.use(0, kNXE);
  CHECK(p.write(user_read_only, 7).ok());
  CHECK(p.memory.load64(0x800000) == 7);
  p.use(0);
  check_fault(p.write(user_read_only, 1), Fault::page, user_read_only, 3);
  // SMAP, and AC that lifts it for explicit accesses.
  p.use(0, kWP | kNXE | kSMAP);
  check_fault(p.read(user_read_only, word), Fault::page, user_read_only, 1);
  CHECK(p.read(user_read_only, word, {Op::read, Mode::kernel, true}).ok());
  check_fault(p.read(user_read_only, word), Fault::page, user_read_only, 1);
}

TEST_CASE("alpha faults carry code and address") {
  Platform p(for_format(Format::alpha));
  u64 word = 0;
  const Who user{Op::read, Mode::user, false};
  p.tables.map(0x2000, 0x800000, kAlphaAll | kFOR);
  p.tables.map(0x4000, 0x800000, kAlphaAll | kFOW);
  p.tables.map(0x6000, 0x800000, kAlphaAll | kFOE);
  p.tables.map(0x8000, 0x800000, kV | kKRE | kKWE);
  p.tables.map(0xA000, 0x800000, kKRE);  // not valid, readable by the kernel: TNV
  check_fault(p.read(0x2008, word), Fault::on_read, 0x2008);
  check_fault(p.write(0x4000, 1), Fault::on_write, 0x4000);
  check_fault(p.read(0x6000, word, {Op::fetch, Mode::kernel, false}), Fault::on_execute, 0x6000);
  check_fault(p.read(0x8000, word, user), Fault::acv, 0x8000);
  check_fault(p.read(0xA000, word), Fault::tnv, 0xA000);
  check_fault(p.read(0xC000, word), Fault::acv, 0xC000);  // entry 0 (trap T80)
  check_fault(p.read(u64{1} << 43, word), Fault::acv, u64{1} << 43);
  CHECK(p.write(0x2000, 1).ok());
  CHECK(p.read(0x4000, word).ok());
}

TEST_CASE("alpha superpages follow the live controls and the mode") {
  Platform p(for_format(Format::alpha));
  const u64 kseg = 0xFFFF'FC00'0000'0000;  // VA<42:41> = 2
  p.memory.store64(0x700008, 42);
  u64 word = 0;
  check_fault(p.read(kseg + 0x700008, word), Fault::acv, kseg + 0x700008);
  p.use(0, 2 << 8);  // SPE<1>
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(p.get(kseg + 0x700008) == 42);
    check_fault(p.read(kseg + 0x700008, word, {Op::read, Mode::user, false}), Fault::acv, kseg + 0x700008);
  }
  p.use(0, 0);
  check_fault(p.read(kseg + 0x700008, word), Fault::acv, kseg + 0x700008);
}

TEST_CASE("a physical-side error is not a translation fault") {
  Platform p;
  p.tables.map(kVa, p.memory.size(), kUsed | kD);
  u64 word = 0;
  const Reply reply = p.read(kVa, word);
  CHECK(reply.status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(reply.fault.code == Fault::none);
  // And a fault after it is told apart again, with the same payload extension type.
  check_fault(p.read(kVa + 0x100000, word), Fault::page, kVa + 0x100000, 0);
}

TEST_CASE("an access across pages is split and judged page by page") {
  Platform p;
  p.tables.map(0x1000, 0x805000, kUsed);
  p.tables.map(0x2000, 0x803000, kUsed);
  p.tables.map(0x3000, 0x80A000, kP | kUS | kA);
  unsigned char out[8200], in[8200] = {};
  for (unsigned i = 0; i < sizeof out; ++i) out[i] = static_cast<unsigned char>(i * 7 + (i >> 8));

  REQUIRE(p.cpu.access(::tlm::TLM_WRITE_COMMAND, 0x1FFB, out, 8, {}).ok());
  CHECK(std::memcmp(p.memory.data() + 0x805FFB, out, 5) == 0);
  CHECK(std::memcmp(p.memory.data() + 0x803000, out + 5, 3) == 0);
  REQUIRE(p.cpu.access(::tlm::TLM_READ_COMMAND, 0x1FFB, in, 8, {}).ok());
  CHECK(std::memcmp(in, out, 8) == 0);

  // The second page refuses: the address is its first byte and nothing is written (trap T32).
  const std::vector<unsigned char> before(p.memory.data() + 0x803000, p.memory.data() + 0x804000);
  check_fault(p.cpu.access(::tlm::TLM_WRITE_COMMAND, 0x2F00, out, 0x200, {}), Fault::page, 0x3000, 3);
  CHECK(std::memcmp(p.memory.data() + 0x803000, before.data(), before.size()) == 0);
  // The first page faults first.
  check_fault(p.cpu.access(::tlm::TLM_READ_COMMAND, 0xFFC, in, 8, {}), Fault::page, 0xFFC, 0);
  // Across the end of the canonical half (trap T33).
  p.tables.map(0x7FFF'FFFF'F000, 0x806000, kUsed);
  check_fault(p.cpu.access(::tlm::TLM_READ_COMMAND, 0x7FFF'FFFF'FFFC, in, 8, {}), Fault::general, 0x8000'0000'0000);
  // Three pages.
  p.tables.map(0x3000, 0x80A000, kUsed);
  REQUIRE(p.cpu.access(::tlm::TLM_WRITE_COMMAND, 0x1FFC, out, 4 + 4096 + 100, {}).ok());
  REQUIRE(p.cpu.access(::tlm::TLM_READ_COMMAND, 0x1FFC, in, 4 + 4096 + 100, {}).ok());
  CHECK(std::memcmp(in, out, 4 + 4096 + 100) == 0);
  CHECK(std::memcmp(p.memory.data() + 0x80A000, out + 4100, 100) == 0);
}

TEST_CASE("byte enables work inside a page and across pages, through direct memory") {
  Platform p;
  check_byte_enables(p);
}

TEST_CASE("byte enables work inside a page and across pages, by transport") {
  MmuConfig config;
  config.use_direct_memory = false;
  Platform p(config);
  check_byte_enables(p);
}

TEST_CASE("attributes that are not supported are refused with their status") {
  Platform p;
  p.tables.map(kVa, 0x800000, kUsed | kD);
  unsigned char data[16] = {};
  for (int repeat = 0; repeat < 2; ++repeat) {
    Payload payload;
    PayloadPool::aim(payload, ::tlm::TLM_WRITE_COMMAND, kVa, data, 16);
    payload.set_streaming_width(8);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_BURST_ERROR_RESPONSE);
    PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, kVa, data, 0);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_BURST_ERROR_RESPONSE);
    PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, kVa, nullptr, 8);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_GENERIC_ERROR_RESPONSE);
    PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, kVa, data, 8);
    payload.set_byte_enable_ptr(data);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_GENERIC_ERROR_RESPONSE);
    PayloadPool::aim(payload, ::tlm::TLM_IGNORE_COMMAND, kVa + 0xFFC, data, 8);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);  // second page absent
    p.tables.map(kVa + 0x1000, 0x801000, kUsed | kD);
    CHECK(p.cpu.send(payload, {}).status == ::tlm::TLM_COMMAND_ERROR_RESPONSE);
    PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, kVa, data, 16);
    payload.set_streaming_width(64);  // wider than the data is no streaming
    CHECK(p.cpu.send(payload, {}).ok());
    p.memory.store64(p.tables.entry(kVa + 0x1000), 0);
    p.mmu.invalidate(Invalidate::all);
  }
}

TEST_CASE("annotated delays are exact and add to what came in") {
  MmuConfig config;
  config.hit_time = Platform::ns(2);
  config.walk_time = Platform::ns(3);
  Platform p(config);  // the memory takes 10 ns to read, 20 ns to write
  p.tables.map(0x1000, 0x805000, kUsed);
  p.tables.map(0x2000, 0x803000, kUsed);
  u64 word = 0;
  // Four page-table reads, one data read.
  CHECK(p.read(0x1000, word).delay == Platform::ns(2 + 4 * (3 + 10) + 10));
  CHECK(p.read(0x1000, word).delay == Platform::ns(2 + 10));
  CHECK(p.read(0x1000, word).delay == Platform::ns(2 + 10));
  // A write to a clean page: walk with one update, then the store.
  CHECK(p.write(0x1000, 1).delay == Platform::ns(2 + 4 * (3 + 10) + (3 + 20) + 20));
  CHECK(p.write(0x1000, 1).delay == Platform::ns(2 + 20));
  // Two pages, the second missing.
  CHECK(p.cpu.access(::tlm::TLM_READ_COMMAND, 0x1FFC, &word, 8, {}).delay ==
        Platform::ns(2 + 2 + 4 * (3 + 10) + 10 + 10));
  // A fault costs its walk; the delay handed in is kept.
  Payload payload;
  PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, 0x9000, reinterpret_cast<unsigned char*>(&word), 8);
  sc_core::sc_time delay = Platform::ns(1000);
  p.cpu.socket->b_transport(payload, delay);
  CHECK(payload.get_response_status() == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(delay == Platform::ns(1000 + 2 + 4 * (3 + 10)));
  CHECK(sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME);
}

TEST_CASE("annotated delays do not depend on direct memory") {
  MmuConfig config;
  config.hit_time = Platform::ns(2);
  config.walk_time = Platform::ns(3);
  config.use_direct_memory = false;
  Platform p(config);
  p.tables.map(0x1000, 0x805000, kUsed);
  u64 word = 0;
  CHECK(p.read(0x1000, word).delay == Platform::ns(2 + 4 * (3 + 10) + 10));
  CHECK(p.read(0x1000, word).delay == Platform::ns(2 + 10));
  CHECK(p.write(0x1000, 1).delay == Platform::ns(2 + 4 * (3 + 10) + (3 + 20) + 20));
  CHECK(p.write(0x1000, 1).delay == Platform::ns(2 + 20));
}

TEST_CASE("a payload without extensions is a kernel data access, a reference-counted one gets its fault") {
  Platform p;
  p.tables.map(0x1000, 0x805000, kP | kRW | kA);
  u64 word = 0;
  struct Heap : ::tlm::tlm_mm_interface {
    void free(Payload* payload) override { payload->reset(); }
  } heap;
  Payload payload(&heap);
  payload.acquire();
  PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, 0x1000, reinterpret_cast<unsigned char*>(&word), 8);
  sc_core::sc_time delay;
  p.cpu.socket->b_transport(payload, delay);
  CHECK(payload.is_response_ok());
  CHECK(payload.get_address() == 0x1000);
  payload.set_address(0x6000);
  p.cpu.socket->b_transport(payload, delay);
  REQUIRE(payload.get_extension<FaultExtension>() != nullptr);
  CHECK(payload.get_extension<FaultExtension>()->fault.code == Fault::page);
  CHECK(payload.get_extension<FaultExtension>()->va == 0x6000);
  payload.release();
}

}  // namespace kilburn::tlm::test
