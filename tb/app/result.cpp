// SPDX-License-Identifier: Apache-2.0
//
// result.json.
#include "tb/app/result.h"

#include <boost/algorithm/string/join.hpp>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace json = boost::json;

std::string figure_key(std::string name) {
  for (char& c : name) {
    if (c == ' ' || c == '-') c = '_';
  }
  return name;
}

namespace {

json::object object(const Result::Figures& figures) {
  json::object o;
  for (const auto& [name, value] : figures) o[figure_key(name)] = value;
  return o;
}

json::array array(const std::vector<std::string>& lines) { return json::array(lines.begin(), lines.end()); }

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::failed:
      return "failed";
    case Verdict::stopped:
      return "stopped";
    case Verdict::interrupted:
      break;
  }
  return "interrupted";
}

json::object failure_object(const Failure& f) {
  json::object o;
  o["check"] = f.check;
  o["message"] = f.message;
  o["cycle"] = f.cycle;
  if (!f.signal.empty()) {
    o["signal"] = f.signal;
    o["expected"] = hex(f.expected);
    o["found"] = hex(f.found);
  }
  if (!f.request.empty()) o["request"] = f.request;
  if (!f.details.empty()) o["details"] = array(f.details);
  o["reference_walk"] = array(f.reference_walk);
  o["dut_walk"] = array(f.dut_walk);
  o["history"] = array(f.history);
  if (!f.twin.empty()) o["reference_state"] = f.twin;
  if (!f.waves.empty()) o["waves"] = f.waves;
  return o;
}

// A figure of each DUT, null where it has none.
json::object beside_object(const std::vector<Result::Beside>& figures) {
  const auto value = [](double number, int decimals) -> json::value {
    if (std::isnan(number)) return nullptr;
    if (decimals == 0) return static_cast<arch::u64>(number);
    return number;
  };
  json::object a, b;
  for (const Result::Beside& f : figures) {
    a[figure_key(f.name)] = value(f.a, f.decimals);
    b[figure_key(f.name)] = value(f.b, f.decimals);
  }
  json::object both;
  both["a"] = std::move(a);
  both["b"] = std::move(b);
  return both;
}

json::array opinions_array(const std::vector<Opinion>& opinions) {
  json::array all;
  for (const Opinion& opinion : opinions) {
    json::object o;
    o["simulator"] = name(opinion.simulator);
    o["version"] = opinion.version;
    o["verdict"] = !opinion.difference ? "agrees" : opinion.difference->unknown ? "unknown" : "differs";
    o["message"] = verdict(opinion);
    o["from_cycle"] = opinion.first_cycle;
    o["cycles"] = opinion.cycles;
    o["pins"] = opinion.pins();
    o["seconds"] = opinion.seconds;
    if (opinion.difference) {
      o["cycle"] = opinion.difference->cycle;
      o["pin"] = opinion.difference->pin;
      o["recorded"] = hex(opinion.difference->recorded);
      o["replayed"] = opinion.difference->replayed;
    }
    all.push_back(std::move(o));
  }
  return all;
}

// Boost.JSON prints on one line; people read this file too.
void print(std::ostream& out, const json::value& value, const std::string& indent) {
  const std::string deeper = indent + "  ";
  if (value.is_object() && !value.get_object().empty()) {
    const char* separator = "{\n";
    for (const auto& member : value.get_object()) {
      out << separator << deeper << json::serialize(json::string(member.key())) << ": ";
      print(out, member.value(), deeper);
      separator = ",\n";
    }
    out << "\n" << indent << "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    const char* separator = "[\n";
    for (const auto& element : value.get_array()) {
      out << separator << deeper;
      print(out, element, deeper);
      separator = ",\n";
    }
    out << "\n" << indent << "]";
  } else if (value.is_double()) {
    std::ostringstream fixed;
    fixed.precision(3);
    fixed << std::fixed << value.get_double();
    out << fixed.str();
  } else {
    out << json::serialize(value);
  }
}

}  // namespace

arch::u64 Result::compared() const {
  arch::u64 sum = 0;
  for (const auto& figure : comparisons) sum += figure.second;
  return sum;
}

std::string verdict_remark(const Result& r) {
  return r.checks_off.empty() ? "" : " with checks off: " + boost::algorithm::join(r.checks_off, ", ");
}

std::string json_text(const Result& r) {
  json::object o;
  o["kilburn_result"] = 1;  // version of this file's form
  o["verdict"] = verdict_name(r.verdict);
  o["source"] = r.source;
  o["format"] = r.format;
  o["dut"] = r.dut;
  o["dut_description"] = r.dut_description;
  if (!r.against.empty()) {
    o["against"] = r.against;
    o["against_description"] = r.against_description;
  }
  o["checks"] = array(r.checks);
  if (!r.checks_off.empty()) o["checks_off"] = array(r.checks_off);
  o["seed"] = r.seed;
  o["command"] = r.command;
  o["reproduce"] = r.reproduce;
  o["translation"] = object(r.translation);
  o["faults"] = object(r.faults);
  if (!r.os.empty()) o["os"] = object(r.os);
  if (!r.latency.empty()) o["latency"] = object(r.latency);
  o["comparisons"] = object(r.comparisons);
  if (!r.legality.empty()) o["legality"] = object(r.legality);
  if (!r.beside.empty()) o["side_by_side"] = beside_object(r.beside);
  o["mismatches"] = r.mismatches != 0 ? r.mismatches : r.failure ? 1u : 0u;
  if (r.stop) {
    o["stop"] = json::object{{"cycle", r.stop->cycle}, {"what", r.stop->what}};
    if (!r.stop->waves.empty()) o["stop"].as_object()["waves"] = r.stop->waves;
    o["stop"].as_object()["waves_end"] = r.stop->waves_end;
  }
  if (!r.notes.empty()) o["notes"] = array(r.notes);
  if (!r.settings.empty()) o["settings"] = array(r.settings);
  if (!r.memory_digest.empty()) o["memory_digest"] = r.memory_digest;
  o["cycles"] = r.cycles;
  o["seconds"] = r.seconds;
  o["cycles_per_second"] = r.seconds > 0 ? static_cast<arch::u64>(static_cast<double>(r.cycles) / r.seconds) : 0;
  if (r.failure && !r.against.empty()) o["failed_dut"] = r.against_failed ? "B" : "A";
  if (r.failure && r.harts > 1) o["failed_mmu"] = r.failed_hart;
  if (r.failure) o["failure"] = failure_object(*r.failure);
  if (!r.pins.empty()) o["pin_log"] = r.pins;
  if (!r.report.empty()) o["report"] = r.report;
  if (!r.opinions.empty()) o["second_opinion"] = opinions_array(r.opinions);
  std::ostringstream out;
  print(out, o, "");
  out << "\n";
  return out.str();
}

void write_result(const Result& r, const std::filesystem::path& folder) {
  const auto path = folder / "result.json";
  const auto part = folder / "result.json.part";
  {
    std::ofstream file(part, std::ios::trunc);
    file << json_text(r);
    file.close();
    if (!file) {
      std::error_code ec;
      std::filesystem::remove(part, ec);
      throw EnvironmentError("the result file " + part.string() + " cannot be written");
    }
  }
  std::error_code ec;
  std::filesystem::rename(part, path, ec);
  if (ec) throw EnvironmentError("the result file " + path.string() + " cannot be written: " + ec.message());
}

}  // namespace kilburn::tb
