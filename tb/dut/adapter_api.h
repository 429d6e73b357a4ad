// SPDX-License-Identifier: Apache-2.0
//
// The struct of dut.h with what is the same in every adapter: sizes, and functions that call an object.
#pragma once

#include <cstdint>
#include <new>

#include "tb/dut/dut.h"

namespace kilburn::tb {

// Version and sizes as this adapter is compiled with; the rest is 0.
constexpr kilburn_dut_api sized_api() {
  kilburn_dut_api api = {};
  api.magic = KILBURN_DUT_MAGIC;
  api.abi = KILBURN_DUT_ABI;
  api.api_size = sizeof(kilburn_dut_api);
  api.in_size = sizeof(kilburn_dut_in);
  api.out_size = sizeof(kilburn_dut_out);
  api.entry_size = sizeof(kilburn_tlb_entry);
  api.config_size = sizeof(kilburn_dut_config);
  return api;
}

// An object of the class Adapter is one instance of the MMU, so nothing in it may be static, or two would disturb each
// other. It has
//   explicit Adapter(std::uint64_t seed);
//   void reset(std::uint32_t cfg, kilburn_dut_out& out);
//   void clock(const kilburn_dut_in& in, kilburn_dut_out& out);
// and, if it can trace,
//   bool waves_open(const char* path);
//   void waves_close();
// Name, description and config are left to set, and probe, bugs and set_bug where there are any.
template <class Adapter>
constexpr kilburn_dut_api adapter_api() {
  kilburn_dut_api api = sized_api();
  api.create = [](std::uint64_t seed) -> void* { return new (std::nothrow) Adapter(seed); };
  api.destroy = [](void* self) { delete static_cast<Adapter*>(self); };
  api.reset = [](void* self, std::uint32_t cfg, kilburn_dut_out* out) {
    static_cast<Adapter*>(self)->reset(cfg, *out);
  };
  api.clock = [](void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
    static_cast<Adapter*>(self)->clock(*in, *out);
  };
  if constexpr (requires(Adapter & adapter, const char* path) { adapter.waves_open(path); }) {
    api.waves_open = [](void* self, const char* path) {
      return static_cast<Adapter*>(self)->waves_open(path) ? 0 : -1;
    };
    api.waves_close = [](void* self) { static_cast<Adapter*>(self)->waves_close(); };
  }
  return api;
}

}  // namespace kilburn::tb
