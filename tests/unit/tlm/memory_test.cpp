// SPDX-License-Identifier: Apache-2.0
//
// The simple memory on its own.
#include <stdexcept>

#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {
namespace {

struct Alone {
  explicit Alone(const MemoryConfig& config = {0x1000, Platform::ns(10), Platform::ns(20), true, true})
      : memory("memory", config) {
    cpu.socket.bind(memory.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  Reply swap(u64 pa, u64 expect, u64 desired, unsigned length = 8) {
    cas = CasExtension{};
    cas.expect = expect;
    Payload payload;
    PayloadPool::aim(payload, ::tlm::TLM_IGNORE_COMMAND, pa, reinterpret_cast<unsigned char*>(&desired), length);
    payload.set_extension(&cas);
    const Reply reply = cpu.send(payload, {});
    payload.clear_extension<CasExtension>();
    return reply;
  }
  KernelReports reports;
  Initiator cpu{"cpu"};
  Memory memory;
  CasExtension cas;
};

}  // namespace

TEST_CASE("memory answers inside its size and refuses any byte outside") {
  Alone a;
  u64 word = 0x1122334455667788;
  CHECK(a.cpu.access(::tlm::TLM_WRITE_COMMAND, 0xFF8, &word, 8, {}).ok());
  CHECK(a.memory.load64(0xFF8) == 0x1122334455667788);
  CHECK(a.memory.data()[0xFF8] == 0x88);
  for (const u64 pa : {u64{0xFF9}, u64{0x1000}, ~u64{0}, ~u64{0} - 7}) {
    CHECK(a.cpu.access(::tlm::TLM_READ_COMMAND, pa, &word, 8, {}).status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  CHECK_THROWS_AS(a.memory.load64(0xFF9), std::out_of_range);
  CHECK_THROWS_AS(a.memory.store64(0x1000, 0), std::out_of_range);
}

TEST_CASE("memory compare-and-swap") {
  Alone a;
  a.memory.store64(0x10, 7);
  CHECK(a.swap(0x10, 7, 9).delay == Platform::ns(20));
  CHECK((a.cas.served && a.cas.matched && a.cas.old == 7));
  CHECK(a.memory.load64(0x10) == 9);
  // All 64 bits are compared (trap T43).
  CHECK(a.swap(0x10, 9 | u64{1} << 63, 1).ok());
  CHECK((a.cas.served && !a.cas.matched && a.cas.old == 9));
  CHECK(a.memory.load64(0x10) == 9);
  CHECK(a.swap(0x14, 0, 1).status == ::tlm::TLM_BURST_ERROR_RESPONSE);
  CHECK(a.swap(0x10, 9, 1, 4).status == ::tlm::TLM_BURST_ERROR_RESPONSE);
  CHECK(a.swap(0x1000, 0, 1).status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(a.cas.served);
  CHECK(a.memory.load64(0x10) == 9);
}

TEST_CASE("memory grants direct access as it is told and takes it back") {
  Alone a({0x1000, Platform::ns(10), Platform::ns(20), true, false});
  ::tlm::tlm_dmi dmi;
  REQUIRE(a.cpu.direct(::tlm::TLM_READ_COMMAND, 0x10, dmi));
  CHECK(dmi.get_start_address() == 0);
  CHECK(dmi.get_end_address() == 0xFFF);
  CHECK(dmi.get_dmi_ptr() == a.memory.data());
  CHECK_FALSE(dmi.is_write_allowed());
  CHECK(dmi.get_read_latency() == Platform::ns(10));
  CHECK_FALSE(a.cpu.direct(::tlm::TLM_WRITE_COMMAND, 0x10, dmi));
  CHECK_FALSE(a.cpu.direct(::tlm::TLM_READ_COMMAND, 0x1000, dmi));
  a.memory.set_direct(false, false);
  REQUIRE(a.cpu.invalidated.size() == 1);
  CHECK(a.cpu.invalidated[0] == std::pair<u64, u64>(0, 0xFFF));
  CHECK_FALSE(a.cpu.direct(::tlm::TLM_READ_COMMAND, 0x10, dmi));
}

TEST_CASE("memory completes non-blocking requests in their call, and debug access stops at the end") {
  Alone a;
  a.memory.store64(0xFF8, 3);
  u64 words[2] = {};
  Payload payload;
  PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, 0xFF8, reinterpret_cast<unsigned char*>(words), 8);
  ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
  sc_core::sc_time delay = Platform::ns(1);
  CHECK(a.cpu.socket->nb_transport_fw(payload, phase, delay) == ::tlm::TLM_COMPLETED);
  CHECK(delay == Platform::ns(11));
  CHECK(words[0] == 3);
  PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, 0xFF8, reinterpret_cast<unsigned char*>(words), 16);
  CHECK(a.cpu.socket->transport_dbg(payload) == 8);
  payload.set_address(0x1000);
  CHECK(a.cpu.socket->transport_dbg(payload) == 0);
}

}  // namespace kilburn::tlm::test
