// SPDX-License-Identifier: Apache-2.0
//
// Making and destroying instances, the view of the contents, the list of seeded bugs.
#include <malloc.h>

#include <cstring>
#include <memory>
#include <set>

#include "tb/conformance/conformance.h"
#include "tb/conformance/traffic.h"
#include "tb/text.h"

#ifdef __SANITIZE_ADDRESS__
// Of sanitizer/allocator_interface.h, which some compiler packages leave out.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace kilburn::tb {
namespace {

using arch::u32;
using arch::u64;

constexpr unsigned kLives = 60;
constexpr u64 kLeak = 1024;  // bytes an instance that may be the allocator's own

// One life, ended with requests under way.
void live(const DutLibrary& library, u64 seed) {
  Dut dut(library, seed);
  Traffic(dut, traffic_profiles()[seed % traffic_profiles().size()], seed).run(10);
}

// Bytes allocated in this process, the libraries' share included.
u64 allocated() {
#ifdef __SANITIZE_ADDRESS__  // whose allocator stands in for the C library's
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

ConformanceCheck check_lives(const DutLibrary& library, u64 seed) {
  ConformanceCheck check{"create and destroy", false, {}};
  const kilburn_dut_api& api = library.api();
  for (const u64 extreme : {u64{1}, u64{1} << 32, u64{1} << 63, ~u64{0}}) {
    void* self = api.create(extreme);
    if (!self) {
      check.detail = "create(" + hex(extreme) + ") gives NULL";
      return check;
    }
    api.destroy(self);  // never reset
  }
  for (unsigned n = 0; n < kLives / 4; ++n) live(library, seed + n);  // what is allocated once
  const u64 before = allocated();
  for (unsigned n = 0; n < kLives; ++n) live(library, seed + n % 7);
  const u64 after = allocated();
  if (after > before + kLives * kLeak) {
    check.detail = "an instance leaves " + grouped((after - before) / kLives) + " bytes allocated when it is destroyed";
    return check;
  }
  check.passed = true;
  check.detail = std::to_string(kLives) + " lives, memory as before";
  return check;
}

bool all_zero(const kilburn_tlb_entry& entry) {
  static constexpr kilburn_tlb_entry kZero{};
  return std::memcmp(&entry, &kZero, sizeof entry) == 0;
}

ConformanceCheck check_contents(const DutLibrary& library, u64 seed) {
  ConformanceCheck check{"view of the contents", true, "not offered"};
  const kilburn_dut_api& api = library.api();
  if (!api.probe) return check;
  Dut dut(library, seed);
  check.passed = false;
  const auto probe = [&](int structure, u32 index, kilburn_tlb_entry& entry) {
    std::memset(&entry, 0xa5, sizeof entry);  // what is not written shows
    return dut.probe(structure, index, entry);
  };
  kilburn_tlb_entry entry;
  for (const int structure : {-1, 4, 1 << 30}) {
    if (probe(structure, 0, entry)) {
      check.detail = "there is an entry 0 of structure " + std::to_string(structure);
      return check;
    }
  }
  u64 seen = 0, valid = 0;
  Traffic traffic(dut, traffic_profiles()[0], seed);
  for (const bool used : {false, true}) {
    if (used) traffic.run(200);
    for (int structure = 0; structure < 4; ++structure) {
      const std::string name = "entry of structure " + std::to_string(structure);
      u32 count = 0;
      for (; count <= 1u << 20 && probe(structure, count, entry); ++count) {
        ++seen;
        valid += entry.valid != 0;
        if (entry.valid == 0 ? !all_zero(entry)
                             : entry.valid > 1 || entry.size > 63 || entry.pa >> 52 || entry.mt > 7) {
          check.detail = "an invalid " + name + " is not all 0, or a field exceeds its width";
          return check;
        }
        if (!used && entry.valid) {
          check.detail = "an " + name + " is valid after reset";
          return check;
        }
      }
      const u32 said = structure == 0 ? api.config.i_entries : structure == 1 ? api.config.d_entries : count;
      if (count != said || probe(structure, ~u32{0}, entry)) {
        check.detail = "structure " + std::to_string(structure) + " has " + std::to_string(count) +
                       " entries to see, " + std::to_string(said) + " by config, or one beyond its last";
        return check;
      }
    }
  }
  if (valid == 0) {
    check.detail = "no entry is valid after 200 responses";
    return check;
  }
  check.passed = true;
  check.detail = grouped(seen) + " entries, " + grouped(valid) + " of them valid";
  return check;
}

ConformanceCheck check_bugs(const DutLibrary& library, u64 seed) {
  ConformanceCheck check{"seeded bugs", true, "none"};
  const kilburn_dut_api& api = library.api();
  if (!api.bugs) return check;
  check = {check.name, false, {}};
  const auto destroy = [&](void* self) { api.destroy(self); };
  const std::unique_ptr<void, decltype(destroy)> self(api.create(seed), destroy);
  std::set<std::string> ids;
  for (const char* const* bug = api.bugs; *bug; ++bug) {
    const std::string text = *bug;
    const std::string id = text.substr(0, text.find('\t'));
    if (id.empty() || id == text) {
      check.detail = "\"" + text + "\" is no \"ID<TAB>sentence\"";
    } else if (!ids.insert(id).second) {
      check.detail = id + " stands twice in the list";
    } else if (api.set_bug(self.get(), id.c_str()) != 0) {
      check.detail = "set_bug() does not know " + id + " of the list";
    }
    if (!check.detail.empty()) return check;
  }
  if (api.set_bug(self.get(), "no such bug") == 0 || api.set_bug(self.get(), "") != 0) {
    check.detail = "set_bug() takes an unknown bug, or refuses \"\"";
    return check;
  }
  check.passed = true;
  check.detail = std::to_string(ids.size()) + " listed and known";
  return check;
}

}  // namespace

std::vector<ConformanceCheck> check_instances(const DutLibrary& library, const ConformanceOptions& options) {
  return {check_lives(library, options.seed), check_contents(library, options.seed), check_bugs(library, options.seed)};
}

}  // namespace kilburn::tb
