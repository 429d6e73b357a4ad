// SPDX-License-Identifier: Apache-2.0
//
// axi_adapter.sv: every transaction of a read and of a compare-and-swap, then the contract under random traffic.

#include <array>

#include "tests/catch.h"
#include "tests/unit/rtl_axi/adapter_bench.h"

namespace kilburn::axi_test {
namespace {

// The bus by hand: each transaction is looked at and answered where the test says.
class ByHand {
 public:
  ByHand() : dut_(make_adapter(1)) {}

  void request(const MemRequest& r) {
    REQUIRE(dut_->ready);
    clock(r, {});
  }
  void idle() { clock({}, {}); }
  // The read address offered, taken after `wait` cycles in which it must stay.
  AxiAddress take_read(unsigned wait = 2) {
    for (unsigned i = 0; i < wait; ++i) {
      REQUIRE(dut_->axi.ar.valid);
      idle();
    }
    const AxiAddress address = dut_->axi.ar;
    REQUIRE(address.valid);
    CHECK(address.one_beat);
    AxiIn in;
    in.ar_ready = true;
    clock({}, in);
    return address;
  }
  void answer_read(u8 id, u64 data, u8 resp) {
    AxiIn in;
    in.r_valid = in.r_last = true;
    in.r_id = id;
    in.r_data = data;
    in.r_resp = resp;
    clock({}, in);
  }
  // Address and word of the write offered; the address is taken first, or the word.
  std::pair<AxiAddress, u64> take_write(bool address_first) {
    for (int i = 0; i < 3 && !dut_->axi.aw.valid; ++i) idle();
    REQUIRE(dut_->axi.aw.valid);
    REQUIRE(dut_->axi.w_valid);
    CHECK(dut_->axi.aw.one_beat);
    CHECK(dut_->axi.w_whole);
    const std::pair<AxiAddress, u64> write{dut_->axi.aw, dut_->axi.w_data};
    AxiIn in;
    in.aw_ready = address_first;
    in.w_ready = !address_first;
    clock({}, in);
    CHECK(dut_->axi.aw.valid == !address_first);
    CHECK(dut_->axi.w_valid == address_first);
    idle();
    in = {};
    in.aw_ready = !address_first;
    in.w_ready = address_first;
    clock({}, in);
    CHECK_FALSE(dut_->axi.aw.valid);
    CHECK_FALSE(dut_->axi.w_valid);
    return write;
  }
  void answer_write(u8 id, u8 resp) {
    AxiIn in;
    in.b_valid = true;
    in.b_id = id;
    in.b_resp = resp;
    clock({}, in);
  }
  const MemResponse& response() const { return dut_->response; }
  const AxiOut& axi() const { return dut_->axi; }
  void expect_answer(u8 id, u64 data, bool match, bool err) {
    REQUIRE(dut_->response.valid);
    CHECK(dut_->response.id == id);
    CHECK(dut_->response.data == data);
    CHECK(dut_->response.match == match);
    CHECK(dut_->response.err == err);
    for (int i = 0; i < 5; ++i) {
      idle();
      CHECK_FALSE(dut_->response.valid);
      CHECK_FALSE(dut_->axi.ar.valid);
      CHECK_FALSE(dut_->axi.aw.valid);
    }
  }

 private:
  void clock(const MemRequest& r, const AxiIn& in) { dut_->clock(r, in); }
  std::unique_ptr<AdapterDut> dut_;
};

const MemRequest kRead{true, false, 5, 0xabc0'0000'1008, 0, 0};
const MemRequest kSwap{true, true, 3, 0x1000, 0x21, 0x61};

}  // namespace

TEST_CASE("a read is one read transaction, answered in the cycle after its response") {
  ByHand bench;
  bench.request(kRead);
  const AxiAddress address = bench.take_read();
  CHECK(address.id == 5);
  CHECK(address.addr == 0xabc0'0000'1008);
  CHECK_FALSE(address.lock);
  bench.answer_read(5, 0x1122334455667788, kOkay);
  bench.expect_answer(5, 0x1122334455667788, false, false);
}

TEST_CASE("a read that fails on the bus is a bus error without data") {
  const u8 resp = GENERATE(kSlvErr, kDecErr);
  ByHand bench;
  bench.request(kRead);
  bench.take_read();
  bench.answer_read(5, 0x1122334455667788, resp);
  bench.expect_answer(5, 0, false, true);
}

TEST_CASE("a compare-and-swap is an exclusive read and an exclusive write of the same id and address") {
  ByHand bench;
  const bool address_first = GENERATE(true, false);
  bench.request(kSwap);
  const AxiAddress read = bench.take_read();
  CHECK(read.lock);
  CHECK(read.addr == 0x1000);
  CHECK(read.id == 3);
  bench.answer_read(3, 0x21, kExOkay);
  const auto [write, word] = bench.take_write(address_first);
  CHECK(write.lock);
  CHECK(write.addr == 0x1000);
  CHECK(write.id == 3);
  CHECK(word == 0x61);
  bench.answer_write(3, kExOkay);
  bench.expect_answer(3, 0x21, true, false);
}

TEST_CASE("a compare-and-swap of another word writes nothing and answers that word") {
  ByHand bench;
  bench.request(kSwap);
  bench.take_read();
  bench.answer_read(3, 0x8000'0000'0000'0021, kExOkay);
  bench.expect_answer(3, 0x8000'0000'0000'0021, false, false);
}

TEST_CASE("after a lost reservation the word is read again") {
  ByHand bench;
  bench.request(kSwap);
  bench.take_read();
  bench.answer_read(3, 0x21, kExOkay);
  bench.take_write(true);
  bench.answer_write(3, kOkay);
  CHECK_FALSE(bench.response().valid);
  bench.idle();
  CHECK(bench.take_read().lock);
  SECTION("and if it differs now, it is the answer") {
    bench.answer_read(3, 0x20, kExOkay);
    bench.expect_answer(3, 0x20, false, false);
  }
  SECTION("and if it is still the one expected, the write is tried again") {
    bench.answer_read(3, 0x21, kExOkay);
    bench.take_write(false);
    bench.answer_write(3, kExOkay);
    bench.expect_answer(3, 0x21, true, false);
  }
}

TEST_CASE("after four lost reservations the word read plainly is the answer, no match") {
  ByHand bench;
  bench.request(kSwap);
  for (int n = 0; n < 4; ++n) {
    if (n != 0) bench.idle();
    CHECK(bench.take_read().lock);
    bench.answer_read(3, 0x21, kExOkay);
    bench.take_write(true);
    bench.answer_write(3, kOkay);
  }
  bench.idle();
  CHECK_FALSE(bench.take_read().lock);
  bench.answer_read(3, 0x21, kOkay);
  bench.expect_answer(3, 0x21, false, false);
}

TEST_CASE("a memory without exclusive accesses is a bus error, and nothing is written") {
  ByHand bench;
  bench.request(kSwap);
  bench.take_read();
  bench.answer_read(3, 0x21, kOkay);
  bench.expect_answer(3, 0, false, true);
}

TEST_CASE("an exclusive write that fails on the bus is a bus error") {
  const u8 resp = GENERATE(kSlvErr, kDecErr);
  ByHand bench;
  bench.request(kSwap);
  bench.take_read();
  bench.answer_read(3, 0x21, kExOkay);
  bench.take_write(true);
  bench.answer_write(3, resp);
  bench.expect_answer(3, 0, false, true);
}

TEST_CASE("eight ids are in flight at once, one address a cycle, and are answered in any order") {
  auto dut = make_adapter(1);
  AxiIn in;
  in.ar_ready = true;
  for (u8 id = 0; id < 8; ++id) {
    dut->clock({true, false, id, u64{8} * id, 0, 0}, in);
    CHECK(dut->axi.ar.valid);
    CHECK(dut->axi.ar.id == id);
  }
  dut->clock({}, in);
  for (const u8 id : std::array<u8, 8>{6, 1, 7, 0, 3, 2, 5, 4}) {
    in = {};
    in.r_valid = in.r_last = true;
    in.r_id = id;
    in.r_data = u64{100} + id;
    dut->clock({}, in);
    CHECK(dut->response.valid);
    CHECK(dut->response.id == id);
    CHECK(dut->response.data == u64{100} + id);
  }
}

TEST_CASE("one monitor for all ids: a second exclusive sequence waits for the first, a read does not") {
  auto dut = make_one_monitor_adapter(1);
  AxiIn ready;
  ready.ar_ready = ready.aw_ready = ready.w_ready = true;
  dut->clock({true, true, 0, 0x1000, 0x21, 0x61}, ready);
  CHECK(dut->axi.ar.lock);
  dut->clock({true, true, 1, 0x2000, 0x21, 0x61}, ready);
  CHECK_FALSE(dut->axi.ar.valid);
  dut->clock({true, false, 2, 0x3000, 0, 0}, ready);
  CHECK(dut->axi.ar.valid);
  CHECK(dut->axi.ar.id == 2);
  for (int i = 0; i < 20; ++i) {
    dut->clock({}, ready);
    CHECK_FALSE(dut->axi.ar.valid);
  }
  AxiIn in = ready;
  in.r_valid = in.r_last = true;
  in.r_id = 0;
  in.r_resp = kExOkay;  // another word: the sequence ends here
  dut->clock({}, in);
  CHECK(dut->response.valid);
  dut->clock({}, ready);
  CHECK(dut->axi.ar.valid);
  CHECK(dut->axi.ar.id == 1);
}

// ---- random traffic

namespace {

struct Traffic {
  const char* name;
  u64 requests;
  unsigned request_percent, remote_percent;
  AxiMemoryOptions memory;
};

AxiMemoryOptions memory_options(unsigned ready, unsigned latency, unsigned errors, unsigned lost, unsigned snipe) {
  AxiMemoryOptions options;
  options.ready_percent = ready;
  options.latency = latency;
  options.error_percent = errors;
  options.lost_percent = lost;
  options.snipe_percent = snipe;
  return options;
}

void check(AdapterBench& bench) {
  std::string failures;
  for (const auto& failure : bench.failures) failures += failure + "\n";
  INFO(failures);
  CHECK(bench.failures.empty());
  CHECK(bench.counts.answers == bench.counts.requests);
}

}  // namespace

TEST_CASE("the contract of the memory port under random traffic") {
  const u64 seed = GENERATE(1, 2, 3);
  const auto traffic = GENERATE(values<Traffic>({
      {"quick memory", 8000, 90, 1, memory_options(100, 0, 0, 0, 0)},
      {"slow memory", 5000, 70, 2, memory_options(25, 20, 0, 0, 10)},
      {"other processors", 10000, 80, 10, memory_options(70, 5, 0, 0, 60)},
      {"errors", 6000, 80, 3, memory_options(70, 5, 15, 5, 30)},
      {"weak monitor", 6000, 80, 2, memory_options(80, 3, 1, 60, 30)},
  }));
  INFO(traffic.name << ", seed " << seed);
  auto dut = make_adapter(seed);
  AdapterBench bench(*dut, seed);
  bench.request_percent = traffic.request_percent;
  bench.remote_percent = traffic.remote_percent;
  bench.memory.options = traffic.memory;
  bench.memory.options.ready_waits = seed == 2;
  bench.run(traffic.requests);
  check(bench);
  // The traffic reached what it is there for.
  const auto& done = bench.counts;
  CHECK(done.matches > traffic.requests / 20);
  CHECK(done.differs > traffic.requests / 20);
  if (traffic.memory.latency != 0) {
    CHECK(bench.memory.counts.overtaken > traffic.requests / 50);
    CHECK(bench.memory.counts.most_at_once >= 6);
  }
  CHECK(bench.memory.counts.writes == done.matches);
  if (traffic.memory.ready_percent < 100) {
    CHECK(bench.memory.counts.data_first > 100);
    CHECK(bench.memory.counts.address_first > 100);
  }
  if (traffic.memory.snipe_percent >= 30) CHECK(done.retried > traffic.requests / 30);
  if (traffic.memory.error_percent != 0) CHECK(done.errors > traffic.requests / 200);
  if (traffic.memory.lost_percent >= 60) CHECK(done.given_up > traffic.requests / 300);
}

TEST_CASE("random traffic on a memory without exclusive accesses writes nothing") {
  auto dut = make_adapter(4);
  AdapterBench bench(*dut, 4);
  bench.memory.options.exclusives = false;
  bench.run(3000);
  check(bench);
  CHECK(bench.counts.errors > 1000);
  CHECK(bench.counts.matches == 0);
}

TEST_CASE("random traffic on a bus with one monitor for all ids") {
  auto dut = make_one_monitor_adapter(5);
  AdapterBench bench(*dut, 5);
  bench.memory.options.one_monitor = true;
  bench.remote_percent = 0;
  bench.cas_percent = 100;
  bench.run(5000);
  check(bench);
  CHECK(bench.counts.matches > 1000);
  CHECK(bench.counts.retried == 0);  // nobody takes another's reservation
}

TEST_CASE("ids that take each other's reservation are still answered") {
  auto dut = make_adapter(6);
  AdapterBench bench(*dut, 6);
  bench.memory.options.one_monitor = true;
  bench.remote_percent = 0;
  bench.cas_percent = 100;
  bench.run(5000);
  check(bench);
  CHECK(bench.counts.matches > 500);
  CHECK(bench.counts.given_up > 10);
}

}  // namespace kilburn::axi_test
