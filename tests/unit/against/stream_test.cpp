// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the second DUT is what the first one took, pin for pin and in its order.
#include <vector>

#include "tb/dut/models/models.h"
#include "tests/catch.h"
#include "tests/unit/against/pair_run.h"

using namespace kilburn;
using arch::u64;

namespace {

struct Taken {
  char what;  // 'i', 'd', 'o'peration
  u64 words[8];
  bool operator==(const Taken&) const = default;
};

// A DUT that keeps what it takes.
template <int kWhich>
struct Recorded {
  static inline const kilburn_dut_api* straight = nullptr;
  static inline kilburn_dut_out shown{};
  static inline std::vector<Taken> taken{};

  static void request(char what, const kilburn_req_in& pins, const kilburn_dut_in& in) {
    taken.push_back({what,
                     {pins.va, pins.id, pins.write, pins.mode, u64{pins.ac} << 1 | pins.implicit, in.ctx_root,
                      u64{in.ctx_ctl} << 32 | in.ctx_asid, u64{in.ctx_pkru} << 32 | in.ctx_pkrs}});
  }
  static void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
    straight->reset(self, cfg, out);
    shown = *out;
    taken.push_back({'r', {cfg}});
  }
  static void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
    if (in->i.valid && shown.i.req_ready) request('i', in->i, *in);
    if (in->d.valid && shown.d.req_ready) request('d', in->d, *in);
    if (in->inv_valid && shown.inv_ready) {
      taken.push_back({'o', {in->inv_op, in->inv_va, in->inv_asid, in->inv_pte}});
    }
    straight->clock(self, in, out);
    shown = *out;
  }
  static tb::DutLibrary library(arch::Format format, const char* name) {
    static kilburn_dut_api api;
    static tb::DutLibrary inner = tb::DutLibrary::load(name, format);
    straight = &inner.api();
    api = inner.api();
    api.reset = reset;
    api.clock = clock;
    taken.clear();
    return tb::DutLibrary::wrap(api, name);
  }
};

std::vector<Taken> only(const std::vector<Taken>& all, char what) {
  std::vector<Taken> some;
  for (const Taken& t : all) {
    if (t.what == what) some.push_back(t);
  }
  return some;
}

// Position of each operation among the requests of a side.
std::vector<u64> places(const std::vector<Taken>& all, char side) {
  std::vector<u64> found;
  u64 before = 0;
  for (const Taken& t : all) {
    before += t.what == side;
    if (t.what == 'o') found.push_back(before);
  }
  return found;
}

void same_stream(arch::Format format) {
  using A = Recorded<0>;
  using B = Recorded<1>;
  const auto a = A::library(format, "wild-prefetch");
  const auto b = B::library(format, "wild-one");
  const auto run = tb::pair_run(a, b, {.seed = 21, .count = 60000});
  REQUIRE(run.a.message == "");
  CHECK(only(A::taken, 'i').size() > 5000);
  CHECK(only(A::taken, 'd').size() > 5000);
  CHECK(only(A::taken, 'o').size() > 100);
  for (const char what : {'i', 'd', 'o', 'r'}) {
    INFO(what);
    CHECK((only(A::taken, what) == only(B::taken, what)));
  }
  // Taken at one edge by the first, an operation and a request may be taken one after the other by the second.
  for (const char side : {'i', 'd'}) {
    const auto in_a = places(A::taken, side), in_b = places(B::taken, side);
    REQUIRE(in_a.size() == in_b.size());
    u64 apart = 0;
    for (std::size_t n = 0; n < in_a.size(); ++n) {
      const u64 more = std::max(in_a[n], in_b[n]), less = std::min(in_a[n], in_b[n]);
      CHECK(more - less <= 1);
      apart += more - less;
    }
    CHECK(apart < in_a.size());
  }
}

}  // namespace

TEST_CASE("both DUTs take the same stream, x86-64") { same_stream(arch::Format::x86_64); }
TEST_CASE("both DUTs take the same stream, alpha") { same_stream(arch::Format::alpha); }
