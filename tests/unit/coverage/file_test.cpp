// SPDX-License-Identifier: Apache-2.0
//
// coverage.json: what is written is read again, and what is wrong is told.
#include "tb/coverage/file.h"

#include "tb/errors.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::coverage;
using Catch::Matchers::Contains;

namespace {

RunCoverage some() {
  std::vector<u64> bins(kAllBins);
  bins[0] = 1;
  bins[kAllBins / 2] = ~u64{0};
  bins[kAllBins - 1] = 3;
  return run_coverage("kilburn run --seed 7 'a \"b\"'", bins);
}

std::string refusal(const std::string& text) {
  try {
    parse_file(text, "here");
  } catch (const tb::UserError& e) {
    return e.what();
  }
  return "accepted";
}

std::string with(const std::string& hits) {
  return "{\"kilburn_coverage\":1,\"model\":\"" + Model::get().fingerprint() + "\",\"run\":\"r\",\"hits\":" + hits +
         "}";
}

}  // namespace

TEST_CASE("a file is read as it was written") {
  const RunCoverage before = some();
  const RunCoverage after = parse_file(file_text(before), "here");
  CHECK(after.command == before.command);
  CHECK(after.hits == before.hits);
  CHECK(after.hits.size() == 3);
  const test::ScratchFolder folder;
  write_file(before, folder / kFileName);
  CHECK(read_file(folder / kFileName).hits == before.hits);
  CHECK_FALSE(std::filesystem::exists(folder / "coverage.json.new"));
}

TEST_CASE("what is wrong with a file is one sentence with its name") {
  CHECK_THAT(refusal(""), Contains("here: is not JSON"));
  CHECK_THAT(refusal("[]"), Contains("here: is no coverage of a run"));
  CHECK_THAT(refusal("{}"), Contains("has no \"kilburn_coverage\""));
  CHECK_THAT(refusal("{\"kilburn_coverage\":2}"), Contains("another version"));
  CHECK_THAT(refusal("{\"kilburn_coverage\":1,\"model\":\"0\",\"run\":\"\",\"hits\":{}}"),
             Contains("another coverage model"));
  CHECK_THAT(refusal(with("{\"CP99\":[0,1]}")), Contains("no coverage point CP99"));
  CHECK_THAT(refusal(with("{\"CP1\":[0]}")), Contains("no list of pairs"));
  CHECK_THAT(refusal(with("{\"CP1\":[0,1,0,1]}")), Contains("not in order"));
  CHECK_THAT(refusal(with("{\"CP1\":[7,1]}")), Contains("CP1 has no bin 7"));
  CHECK_THAT(refusal(with("{\"CP1\":[0,0]}")), Contains("0 times"));
  CHECK_THAT(refusal(with("{\"CP1\":[-1,1]}")), Contains("not a whole number"));
  CHECK_THAT(refusal(with("{\"CP1\":[0,1.5]}")), Contains("not a whole number"));
  CHECK_THAT(refusal(with("[]")), Contains("\"hits\" is not an object"));
  CHECK(refusal(with("{\"CP1\":[6,1]}")) == "accepted");
}
