// SPDX-License-Identifier: Apache-2.0
//
// Non-blocking transport: the phases of the base protocol, their order and their times.
#include <array>

#include "tests/unit/tlm/bus.h"

namespace kilburn::tlm::test {
namespace {

using ::tlm::TLM_ACCEPTED;
using ::tlm::TLM_COMPLETED;
using ::tlm::TLM_UPDATED;

struct Heap : ::tlm::tlm_mm_interface {
  void free(Payload*) override { ++freed; }
  unsigned freed = 0;
};

// One 8-byte read on its way.
struct Request {
  Request(Heap& heap, u64 va) : payload(&heap) {
    payload.acquire();
    PayloadPool::aim(payload, ::tlm::TLM_READ_COMMAND, va, reinterpret_cast<unsigned char*>(&word), 8);
  }
  Payload payload;
  u64 word = 0;
};

struct Event {
  const Payload* payload;
  unsigned phase;
  sc_core::sc_time at;  // when it takes effect
};

// Records what comes back; END_RESP is sent by hand unless `answer` says otherwise.
struct AtPlatform : BusPlatform {
  explicit AtPlatform(const MmuConfig& config = {}) : BusPlatform(config) {
    for (u64 n = 1; n < 9; ++n) {
      tables.map(n * 0x1000, 0x800000 + n * 0x1000, kUsed);
      memory.store64(0x800000 + n * 0x1000, 100 + n);
    }
    cpu.on_backward = [this](Payload& trans, ::tlm::tlm_phase& came, sc_core::sc_time& delay) {
      events.push_back({&trans, came, sc_core::sc_time_stamp() + delay});
      if (came != ::tlm::BEGIN_RESP) return TLM_ACCEPTED;
      if (answer == TLM_UPDATED) {
        came = ::tlm::END_RESP;
        delay += Platform::ns(3);
      }
      return answer;
    };
  }
  ::tlm::tlm_sync_enum begin(Request& r, sc_core::sc_time& delay) {
    phase = ::tlm::BEGIN_REQ;
    return cpu.socket->nb_transport_fw(r.payload, phase, delay);
  }
  ::tlm::tlm_sync_enum begin(Request& r) {
    sc_core::sc_time delay;
    return begin(r, delay);
  }
  void end(Request& r) {
    ::tlm::tlm_phase end_resp = ::tlm::END_RESP;
    sc_core::sc_time delay;
    CHECK(cpu.socket->nb_transport_fw(r.payload, end_resp, delay) == TLM_COMPLETED);
  }
  void until(double ns) { sc_core::sc_start(Platform::ns(ns) - sc_core::sc_time_stamp()); }

  std::vector<Event> events;
  ::tlm::tlm_sync_enum answer = TLM_ACCEPTED;
  ::tlm::tlm_phase phase;
  Heap heap;
};

// hit 1 ns, four entries of 1 + 10 ns, data 10 ns
constexpr double kMiss = 1 + 4 * 11 + 10;
constexpr double kHit = 1 + 10;

}  // namespace

TEST_CASE("a request that misses goes through four phases") {
  AtPlatform p;
  Request r(p.heap, 0x1000);
  sc_core::sc_time delay = Platform::ns(7);
  CHECK(p.begin(r, delay) == TLM_UPDATED);
  CHECK(p.phase == ::tlm::END_REQ);
  CHECK(delay == Platform::ns(7));
  CHECK(r.payload.get_ref_count() == 2);
  p.until(200);
  REQUIRE(p.events.size() == 1);
  CHECK(p.events[0].phase == ::tlm::BEGIN_RESP);
  CHECK(p.events[0].at == Platform::ns(7 + kMiss));
  CHECK(r.payload.is_response_ok());
  CHECK(r.word == 101);
  CHECK(r.payload.get_address() == 0x1000);
  CHECK(r.payload.get_ref_count() == 2);
  p.end(r);
  p.until(300);
  CHECK(r.payload.get_ref_count() == 1);
  CHECK(p.events.size() == 1);
}

TEST_CASE("a request that hits completes in its call, if that is wanted and nothing waits before it") {
  AtPlatform p;
  Request miss(p.heap, 0x1000), hit(p.heap, 0x1000), late(p.heap, 0x1000);
  p.begin(miss);
  CHECK(p.begin(hit) == TLM_UPDATED);  // behind the miss
  p.answer = TLM_COMPLETED;
  p.until(200);
  CHECK(p.events.size() == 2);
  sc_core::sc_time delay = Platform::ns(5);
  CHECK(p.begin(late, delay) == TLM_COMPLETED);
  CHECK(delay == Platform::ns(5 + kHit));
  CHECK(late.word == 101);
  CHECK(late.payload.get_ref_count() == 1);
}

TEST_CASE("early completion can be switched off") {
  MmuConfig config;
  config.at_early_completion = false;
  AtPlatform p(config);
  p.answer = TLM_COMPLETED;
  Request r(p.heap, 0x1000);
  p.begin(r);
  p.until(100);
  CHECK(p.begin(r) == TLM_UPDATED);
  p.until(200);
  REQUIRE(p.events.size() == 2);
  CHECK(p.events[1].at == Platform::ns(100 + kHit));
}

TEST_CASE("one response at a time: the next waits for END_RESP") {
  AtPlatform p;
  Request first(p.heap, 0x1000), second(p.heap, 0x2000);
  p.begin(first);
  p.begin(second);
  p.until(500);
  REQUIRE(p.events.size() == 1);
  CHECK(p.events[0].payload == &first.payload);
  p.end(first);
  p.until(1000);
  REQUIRE(p.events.size() == 2);
  CHECK(p.events[1].payload == &second.payload);
  CHECK(p.events[1].at == Platform::ns(500 + kMiss));
  CHECK(second.word == 102);
  p.end(second);
  p.until(1100);
  CHECK(second.payload.get_ref_count() == 1);
}

TEST_CASE("END_RESP may come in the return path") {
  AtPlatform p;
  p.answer = TLM_UPDATED;
  Request first(p.heap, 0x1000), second(p.heap, 0x2000);
  p.begin(first);
  p.begin(second);
  p.until(500);
  REQUIRE(p.events.size() == 2);
  CHECK(p.events[0].at == Platform::ns(kMiss));
  CHECK(p.events[1].at == Platform::ns(kMiss + 3 + kMiss));
  CHECK(second.payload.get_ref_count() == 1);
}

TEST_CASE("a full queue holds back END_REQ") {
  MmuConfig config;
  config.at_depth = 1;
  AtPlatform p(config);
  p.answer = TLM_COMPLETED;
  Request first(p.heap, 0x1000), second(p.heap, 0x2000), third(p.heap, 0x3000);
  CHECK(p.begin(first) == TLM_UPDATED);
  sc_core::sc_time delay = Platform::ns(2);
  CHECK(p.begin(second, delay) == TLM_ACCEPTED);
  p.until(1000);
  REQUIRE(p.events.size() == 3);
  CHECK(p.events[0].phase == ::tlm::END_REQ);
  CHECK(p.events[0].payload == &second.payload);
  CHECK(p.events[0].at == Platform::ns(2));  // not before the request itself
  CHECK(p.events[1].payload == &first.payload);
  CHECK(p.events[2].payload == &second.payload);
  // There is place again.
  CHECK(p.begin(third) == TLM_UPDATED);
  p.until(2000);
  CHECK(third.word == 103);
}

TEST_CASE("requests are served in the order in which they take effect") {
  MmuConfig config;
  config.at_depth = 1;
  AtPlatform p(config);
  p.answer = TLM_COMPLETED;
  Request late(p.heap, 0x1000), early(p.heap, 0x2000);
  sc_core::sc_time delay = Platform::ns(400);
  p.begin(late, delay);
  CHECK(p.begin(early) == TLM_ACCEPTED);
  p.until(1000);
  REQUIRE(p.events.size() == 3);
  CHECK(p.events[0].phase == ::tlm::END_REQ);
  CHECK(p.events[1].payload == &early.payload);
  CHECK(p.events[2].payload == &late.payload);
  CHECK(p.events[2].at == Platform::ns(400 + kMiss));
}

TEST_CASE("a fault comes back as a response with its extension") {
  AtPlatform p;
  p.answer = TLM_COMPLETED;
  Request r(p.heap, 0x123000);
  p.begin(r);
  p.until(200);
  CHECK(r.payload.get_response_status() == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  REQUIRE(r.payload.get_extension<FaultExtension>() != nullptr);
  CHECK(r.payload.get_extension<FaultExtension>()->fault.code == Fault::page);
}

TEST_CASE("the physical side may wait under a non-blocking request") {
  AtPlatform p;
  p.bus.direct = false;
  p.bus.waits = true;
  p.answer = TLM_COMPLETED;
  Request r(p.heap, 0x1000);
  p.begin(r);
  p.until(500);
  REQUIRE(p.events.size() == 1);
  CHECK(p.events[0].at == Platform::ns(kMiss + 5 * 5));
  CHECK(r.word == 101);
}

TEST_CASE("breaches of the base protocol are reported") {
  AtPlatform p;
  p.reports.expect(4);
  Payload unmanaged;
  ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
  sc_core::sc_time delay;
  CHECK(p.cpu.socket->nb_transport_fw(unmanaged, phase, delay) == TLM_COMPLETED);
  CHECK(unmanaged.is_response_error());
  Request r(p.heap, 0x1000);
  phase = ::tlm::END_RESP;
  CHECK(p.cpu.socket->nb_transport_fw(r.payload, phase, delay) == TLM_COMPLETED);
  phase = ::tlm::BEGIN_RESP;
  p.cpu.socket->nb_transport_fw(r.payload, phase, delay);
  phase = ::tlm::BEGIN_REQ;
  p.mmu.nb_transport_bw(r.payload, phase, delay);
}

TEST_CASE("a second request before END_REQ is reported") {
  MmuConfig config;
  config.at_depth = 1;
  AtPlatform p(config);
  p.reports.expect(1);
  p.answer = TLM_COMPLETED;
  Request first(p.heap, 0x1000), second(p.heap, 0x2000), third(p.heap, 0x3000);
  p.begin(first);
  CHECK(p.begin(second) == TLM_ACCEPTED);
  CHECK(p.begin(third) == TLM_COMPLETED);
  CHECK(third.payload.is_response_error());
  p.until(1000);
  CHECK(second.word == 102);
}

DECLARE_EXTENDED_PHASE(internal_marker);

TEST_CASE("phases outside the base protocol are ignored") {
  AtPlatform p;
  Request r(p.heap, 0x1000);
  ::tlm::tlm_phase phase = internal_marker;
  sc_core::sc_time delay;
  CHECK(p.cpu.socket->nb_transport_fw(r.payload, phase, delay) == TLM_ACCEPTED);
  CHECK(p.mmu.counters().walks == 0);
}

}  // namespace kilburn::tlm::test
