// SPDX-License-Identifier: Apache-2.0
//
// The twin behind the DUT contract, with faults of its own to plant: what the loader, the driver and
// the checks are tested on without any RTL.
#include <cstring>
#include <string>

#include "model/uarch/mmu.h"
#include "tb/dut/dut.h"

#ifndef KILBURN_TWIN_FORMAT
#define KILBURN_TWIN_FORMAT x86_64
#endif
#ifndef KILBURN_TWIN_ABI
#define KILBURN_TWIN_ABI KILBURN_DUT_ABI
#endif
#ifndef KILBURN_TWIN_FEATURES
#define KILBURN_TWIN_FEATURES ~0u
#endif

namespace {

using namespace kilburn;

constexpr auto kFormat = arch::Format::KILBURN_TWIN_FORMAT;

// The sizes by default.
constexpr uarch::Config kParameters = [] {
  uarch::Config config;
  config.format = kFormat;
  return config;
}();

struct TwinDut {
  std::unique_ptr<uarch::Mmu> mmu = uarch::make_mmu(kParameters);
  std::string bug;
  arch::u64 responses = 0;
  bool held = false;  // a data response stands at the port, not yet taken
  bool now = false;   // the planted fault shows from here on; never changes under a held response
};

void show(TwinDut& dut, kilburn_dut_out* out) {
  std::memcpy(out, &dut.mmu->outputs(), sizeof *out);
  if (dut.bug.empty()) return;
  if (out->d.rsp_valid && !dut.held) ++dut.responses;
  if (!dut.held) dut.now = dut.responses > 1000;
  const bool now = dut.now;
  if (dut.bug == "HANG" && now) out->d.rsp_valid = 0;
  if (dut.bug == "PA" && now && out->d.rsp_valid && out->d.rsp_fault == 0) out->d.rsp_pa ^= 0x1000;
  if (dut.bug == "ID" && now && out->d.rsp_valid) out->d.rsp_id ^= 1;
  if (dut.bug == "NOACK") out->inv_ack = 0;
  if (dut.bug == "HOLD" && dut.held && dut.responses % 64 == 0) out->d.rsp_pa ^= 0x1000;
}

void* create(uint64_t) { return new TwinDut; }
void destroy(void* self) { delete static_cast<TwinDut*>(self); }
void reset(void* self, uint32_t cfg, kilburn_dut_out* out) {
  auto& dut = *static_cast<TwinDut*>(self);
  dut.mmu->reset(arch::settings_of(kFormat, cfg));
  show(dut, out);
  if (dut.bug == "RESET") out->mem_req_addr ^= 0x1000;
}
void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  auto& dut = *static_cast<TwinDut*>(self);
  uarch::PinsIn pins;
  std::memcpy(static_cast<void*>(&pins), in, sizeof pins);
  dut.held = dut.mmu->outputs().d.rsp_valid && !in->d.rsp_ready;
  dut.mmu->clock(pins);
  show(dut, out);
}
int probe(void* self, int side, uint32_t index, kilburn_tlb_entry* entry) {
  auto& dut = *static_cast<TwinDut*>(self);
  const auto structure = static_cast<uarch::Structure>(side);
  if (side < 0 || side > 3 || index >= dut.mmu->entries(structure)) return -1;
  const auto e = dut.mmu->entry(structure, index);
  std::memcpy(entry, &e, sizeof *entry);
  if (dut.bug == "CONTENTS" && side == 1 && index == 3) entry->asid ^= 1;
  return 0;
}
const char* const kBugs[] = {"HANG\tdata responses stop\ttest",
                             "PA\tanother frame is answered\ttest",
                             "ID\ta response carries another id\ttest",
                             "NOACK\tinvalidations are not acknowledged\ttest",
                             "HOLD\tan offered response changes before it is taken\ttest",
                             "CONTENTS\tan entry of the TLB differs\ttest",
                             "RESET\ta pin differs in the cycle after a reset\ttest",
                             nullptr};
int set_bug(void* self, const char* id) {
  auto& dut = *static_cast<TwinDut*>(self);
  for (const char* const* bug = kBugs; *bug; ++bug) {
    if (*id == 0 || std::string(*bug).substr(0, std::string(*bug).find('\t')) == id) {
      dut.bug = id;
      return 0;
    }
  }
  return -1;
}

const kilburn_dut_api kApi = {KILBURN_DUT_MAGIC,
                              KILBURN_TWIN_ABI,
                              sizeof(kilburn_dut_api),
                              sizeof(kilburn_dut_in),
                              sizeof(kilburn_dut_out),
                              sizeof(kilburn_tlb_entry),
                              sizeof(kilburn_dut_config),
                              0,
                              "twin",
                              "the twin itself, for tests of the testbench",
                              {.format = static_cast<uint32_t>(kFormat),
                               .cfg = 0,
                               .cfg_pins = 1,
                               .features = KILBURN_TWIN_FEATURES,
                               .exact = 1,
                               .i_entries = kParameters.i_entries,
                               .d_entries = kParameters.d_entries,
                               .i_misses = kParameters.i_misses,
                               .d_misses = kParameters.d_misses,
                               .l2_sets = kParameters.l2_sets,
                               .l2_large_sets = kParameters.l2_large_sets,
                               .l2_ways = kParameters.l2_ways,
                               .psc_entries = {kParameters.psc_entries[0], kParameters.psc_entries[1],
                                               kParameters.psc_entries[2], kParameters.psc_entries[3]},
                               .walkers = kParameters.walkers,
                               .policy = static_cast<uint32_t>(kParameters.policy),
                               .rewalk = kParameters.rewalk,
                               .prefetch = kParameters.prefetch,
                               .reserved = {}},
                              create,
                              destroy,
                              reset,
                              clock,
                              probe,
                              nullptr,
                              nullptr,
                              kBugs,
                              set_bug};

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
