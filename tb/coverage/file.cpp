// SPDX-License-Identifier: Apache-2.0
//
// Item by item, because people read it too: [place, count, place, count ...] inside the item.
#include "tb/coverage/file.h"

#include <boost/json.hpp>
#include <fstream>
#include <limits>
#include <sstream>

#include "tb/errors.h"

namespace kilburn::coverage {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr u64 kVersion = 1;

[[noreturn]] void wrong(const std::string& name, const std::string& reason) {
  throw tb::UserError(name + ": " + reason);
}

u64 whole_number(const json::value& value, const std::string& name, const std::string& what) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<u64>(value.get_int64());
  wrong(name, what + " is not a whole number");
}

void take_item(const Item& item, const json::value& value, const std::string& name, RunCoverage& run) {
  if (!value.is_array() || value.get_array().size() % 2 != 0)
    wrong(name, "the hits of " + item.id + " are no list of pairs");
  const json::array& pairs = value.get_array();
  u64 next = 0;
  for (std::size_t n = 0; n < pairs.size(); n += 2) {
    const u64 place = whole_number(pairs[n], name, "a bin of " + item.id);
    const u64 count = whole_number(pairs[n + 1], name, "a count of " + item.id);
    if (place >= item.size) wrong(name, item.id + " has no bin " + std::to_string(place));
    if (place < next) wrong(name, "the bins of " + item.id + " are not in order");
    if (count == 0) wrong(name, "a bin of " + item.id + " is hit 0 times");
    next = place + 1;
    run.hits.emplace_back(item.offset + static_cast<u32>(place), count);
  }
}

}  // namespace

RunCoverage run_coverage(std::string command, const std::vector<u64>& bins) {
  RunCoverage run{std::move(command), {}};
  for (u32 bin = 0; bin < bins.size(); ++bin) {
    if (bins[bin] != 0) run.hits.emplace_back(bin, bins[bin]);
  }
  return run;
}

std::string file_text(const RunCoverage& run) {
  const Model& model = Model::get();
  std::ostringstream out;
  out << "{\n\"kilburn_coverage\": " << kVersion << ",\n\"model\": \"" << model.fingerprint()
      << "\",\n\"run\": " << json::serialize(json::value(run.command)) << ",\n\"hits\": {";
  auto hit = run.hits.begin();
  const char* between = "\n";
  for (const Item& item : model.items()) {
    if (hit == run.hits.end() || hit->first >= item.offset + item.size) continue;
    out << between << "\"" << item.id << "\": [";
    between = ",\n";
    for (const char* comma = ""; hit != run.hits.end() && hit->first < item.offset + item.size; ++hit, comma = ",") {
      out << comma << hit->first - item.offset << "," << hit->second;
    }
    out << "]";
  }
  out << "\n}\n}\n";
  return out.str();
}

RunCoverage parse_file(std::string_view text, const std::string& name) {
  boost::system::error_code ec;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), ec);
  if (ec) wrong(name, "is not JSON: " + ec.message());
  if (!value.is_object()) wrong(name, "is no coverage of a run");
  const json::object& object = value.get_object();
  const auto member = [&](const char* key) -> const json::value& {
    const json::value* found = object.if_contains(key);
    if (!found) wrong(name, std::string("has no \"") + key + "\"");
    return *found;
  };
  if (whole_number(member("kilburn_coverage"), name, "\"kilburn_coverage\"") != kVersion) {
    wrong(name, "is of another version of this file");
  }
  const json::value& fingerprint = member("model");
  if (!fingerprint.is_string()) wrong(name, "\"model\" is not a string");
  const Model& model = Model::get();
  if (fingerprint.get_string() != model.fingerprint()) {
    wrong(name, "counts the bins of another coverage model (" + std::string(fingerprint.get_string()) +
                    ", this program's is " + model.fingerprint() + "): run it again");
  }
  RunCoverage run;
  const json::value& command = member("run");
  if (!command.is_string()) wrong(name, "\"run\" is not a string");
  run.command = std::string(command.get_string());
  const json::value& hits = member("hits");
  if (!hits.is_object()) wrong(name, "\"hits\" is not an object");
  for (const auto& [id, _] : hits.get_object()) {
    if (!model.find(std::string_view(id.data(), id.size())))
      wrong(name, "there is no coverage point " + std::string(id));
  }
  for (const Item& item : model.items()) {
    if (const json::value* found = hits.get_object().if_contains(item.id)) take_item(item, *found, name, run);
  }
  return run;
}

void write_file(const RunCoverage& run, const fs::path& file) {
  const fs::path fresh = file.string() + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out << file_text(run);
  out.close();
  std::error_code ec;
  if (out) fs::rename(fresh, file, ec);
  if (!out || ec) throw tb::EnvironmentError("the file " + file.string() + " cannot be written");
}

RunCoverage read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw tb::UserError("the file " + file.string() + " cannot be read");
  return parse_file(text.str(), file.string());
}

}  // namespace kilburn::coverage
