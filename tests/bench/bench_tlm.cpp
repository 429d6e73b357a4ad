// SPDX-License-Identifier: Apache-2.0
//
// The loosely timed model against an empty target: one 8-byte load through b_transport that hits, one that
// hits while PKRU changes every few loads, and one that misses and walks four levels.
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <memory>

#include "model/tlm/memory.h"
#include "model/tlm/mmu.h"
#include "tests/bench/compare.h"
#include "tests/bench/systemc_state.h"

namespace kilburn::bench {
namespace {

constexpr unsigned kLoads = 20000;
constexpr arch::u64 kMemoryBytes = arch::u64{1} << 24;
constexpr unsigned kHitPages = 64;
constexpr unsigned kMissPages = 512;

// Answers at once and does nothing.
struct EmptyTarget : sc_core::sc_module {
  tlm_utils::simple_target_socket<EmptyTarget, 64> socket{"socket"};
  explicit EmptyTarget(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    socket.register_b_transport(this, &EmptyTarget::b_transport);
  }
  void b_transport(::tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    payload.set_response_status(::tlm::TLM_OK_RESPONSE);
  }
};

struct Platform : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Platform, 64> to_empty{"to_empty"}, to_mmu{"to_mmu"};
  EmptyTarget empty{"empty"};
  tlm::Mmu mmu{"mmu"};
  tlm::Memory memory;
  explicit Platform(const sc_core::sc_module_name& name) : sc_core::sc_module(name), memory("memory", config()) {
    to_empty.bind(empty.socket);
    to_mmu.bind(mmu.virtual_side);
    mmu.physical_side.bind(memory.socket);
    // Root at 0x1000, one table a level, kMissPages pages of 4 KB from va 0; A and D set.
    memory.store64(0x1000, 0x2067);
    memory.store64(0x2000, 0x3067);
    memory.store64(0x3000, 0x4067);
    for (arch::u64 page = 0; page < kMissPages; ++page)
      memory.store64(0x4000 + 8 * page, (0x100000 + page * 4096) | 0x67);
    mmu.set_context({0x1000, 1, 0xf});
  }
  static tlm::MemoryConfig config() {
    tlm::MemoryConfig c;
    c.bytes = kMemoryBytes;
    return c;
  }
};
std::unique_ptr<Platform> platform;

struct Loader {
  ::tlm::tlm_generic_payload payload;
  tlm::AccessExtension who;
  unsigned char data[8] = {};
  sc_core::sc_time delay;
  Loader() {
    who.mode = arch::Mode::user;
    payload.set_command(::tlm::TLM_READ_COMMAND);
    payload.set_data_ptr(data);
    payload.set_data_length(8);
    payload.set_streaming_width(8);
    payload.set_extension(&who);
  }
  ~Loader() { payload.clear_extension(&who); }
  template <class Socket>
  bool load(Socket& socket, arch::u64 va) {
    payload.set_address(va);
    payload.set_dmi_allowed(false);
    payload.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
    socket->b_transport(payload, delay);
    return payload.is_response_ok();
  }
};

void tlm_hit(benchmark::State& state) {
  Loader loader;
  unsigned failed = 0;
  against_floor(
      state, kLoads,
      [&] {
        for (unsigned n = 0; n < kLoads; ++n) failed += !loader.load(platform->to_empty, (n % kHitPages) << 12);
      },
      [&] {
        for (unsigned n = 0; n < kLoads; ++n) failed += !loader.load(platform->to_mmu, (n % kHitPages) << 12);
      });
  if (failed) state.SkipWithError("a load failed");
}

// As a program that opens and closes a domain of its own all the time (WRPKRU): no translation is lost by it.
void tlm_hit_wrpkru(benchmark::State& state) {
  constexpr unsigned kLoadsInDomain = 16;
  constexpr arch::u32 kPke = 0x10;
  Loader loader;
  unsigned failed = 0;
  against_floor(
      state, kLoads,
      [&] {
        for (unsigned n = 0; n < kLoads; ++n) failed += !loader.load(platform->to_empty, (n % kHitPages) << 12);
      },
      [&] {
        for (unsigned n = 0; n < kLoads; ++n) {
          if (n % kLoadsInDomain == 0) {
            platform->mmu.set_context({0x1000, 1, 0xf | kPke, n / kLoadsInDomain % 2 == 0 ? 0U : 0xCU, 0});
          }
          failed += !loader.load(platform->to_mmu, (n % kLoadsInDomain) << 12);
        }
      });
  platform->mmu.set_context({0x1000, 1, 0xf});
  if (failed) state.SkipWithError("a load failed");
}

void tlm_miss(benchmark::State& state) {
  Loader loader;
  unsigned failed = 0;
  against_floor(
      state, kMissPages,
      [&] {
        for (unsigned n = 0; n < kMissPages; ++n) failed += !loader.load(platform->to_empty, arch::u64{n} << 12);
      },
      [&] {
        platform->mmu.invalidate(tlm::Invalidate::all);
        for (unsigned n = 0; n < kMissPages; ++n) failed += !loader.load(platform->to_mmu, arch::u64{n} << 12);
      });
  if (failed) state.SkipWithError("a load failed");
}

BENCHMARK(tlm_hit)->Unit(benchmark::kMillisecond);
BENCHMARK(tlm_hit_wrpkru)->Unit(benchmark::kMillisecond);
BENCHMARK(tlm_miss)->Unit(benchmark::kMillisecond);

}  // namespace

void elaborate_tlm() { platform = std::make_unique<Platform>("platform"); }

}  // namespace kilburn::bench
