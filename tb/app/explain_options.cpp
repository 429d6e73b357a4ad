// SPDX-License-Identifier: Apache-2.0
//
// Command line of `kilburn explain`.
#include "tb/app/explain_options.h"

#include <iostream>
#include <limits>

#include "tb/app/command_line.h"
#include "tb/errors.h"
#include "tb/stimulus/fields.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u32;
using arch::u64;

namespace {

constexpr const char* kUsage =
    "Usage: kilburn explain --vectors FILE --vector N [--access N] [options]\n"
    "       kilburn explain --dump GUEST.elf --va HEX [options]\n"
    "       kilburn explain RUN --cycle N [options]\n\n"
    "Tells one translation: each level's entry, the rights gathered, the decision with its rule and source,\n"
    "side by side with what a DUT does.\n"
    "Exit status: 0 explained, 1 the DUT differs, 2 the input is wrong, 3 the environment failed.\n";

po::options_description visible_options() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  po::options_description what("What to explain (exactly one)");
  what.add_options()("vectors", text("FILE"), "an access of recorded vectors")(
      "dump", text("GUEST.elf"), "an address in an x86-64 guest's memory dump")(
      "cycle", text("N"), "of the run in folder RUN: the first response in cycle N or later");
  po::options_description vectors("Vectors");
  vectors.add_options()("vector", text("N"), "number of the vector; the first that has it")(
      "access", text("N"), "which access of the vector, from 1; those before it are made too");
  po::options_description dump("Memory dump");
  dump.add_options()("va", text("HEX"), "the virtual address")("op", text("r|w|x")->default_value("r"),
                                                               "read, write or fetch")(
      "mode", text("user|kernel")->default_value("kernel"), "privilege of the access")("ac", "EFLAGS.AC is 1")(
      "implicit", "an implicit supervisor access")("pkru", text("HEX")->default_value("0"), "PKRU")(
      "pkrs", text("HEX")->default_value("0"), "IA32_PKRS")("cpu", text("N"), "whose CR3 and CR4")(
      "root", text("HEX"), "physical address of the top table, instead of CR3")(
      "levels", text("4|5"), "depth of the tables, instead of CR4.LA57")(
      "set", po::value<std::vector<std::string>>()->value_name("NAME=N"),
      "a choice of the implementation (kilburn run --help)");
  po::options_description output("Output");
  output.add_options()("dut", text("NAME|PATH.so")->default_value("mmu"),
                       "whose answer stands beside the explanation; none: no DUT")("json", "one JSON object")(
      "help", "this text");
  po::options_description all;
  all.add(what).add(vectors).add(dump).add(output);
  return all;
}

arch::Op parse_op(const std::string& text) {
  if (text == "r") return arch::Op::read;
  if (text == "w") return arch::Op::write;
  if (text == "x") return arch::Op::fetch;
  throw UserError("--op is r, w or x, not " + in_quotes(text));
}

arch::Mode parse_mode(const std::string& text) {
  if (text == "user") return arch::Mode::user;
  if (text == "kernel") return arch::Mode::kernel;
  throw UserError("--mode is user or kernel, not " + in_quotes(text));
}

// Options of one source only do not go with another.
void refuse_strangers(const po::variables_map& map, const char* source, std::initializer_list<const char*> options) {
  for (const char* option : options) {
    if (map.count(option) && !map[option].defaulted()) {
      throw UserError("--" + std::string(option) + " goes with " + source);
    }
  }
}

}  // namespace

std::optional<ExplainOptions> parse_explain_options(const std::vector<std::string>& arguments) {
  const po::options_description all = visible_options();
  po::options_description hidden;
  hidden.add_options()("run", po::value<std::string>());
  po::options_description known;
  known.add(all).add(hidden);
  po::positional_options_description positional;
  positional.add("run", 1);
  const po::variables_map map = parse_command_line("explain", arguments, known, positional);
  if (map.count("help")) {
    std::cout << kUsage << all;
    return std::nullopt;
  }
  ExplainOptions o;
  if (map.count("run")) o.run = map["run"].as<std::string>();
  if (map.count("vectors")) o.vectors = map["vectors"].as<std::string>();
  if (map.count("dump")) o.dump = map["dump"].as<std::string>();
  if (map.count("run") + map.count("vectors") + map.count("dump") != 1) {
    throw UserError(
        "exactly one of --vectors, --dump and a run folder says what to explain; see kilburn explain "
        "--help");
  }
  if (!map.count("run")) refuse_strangers(map, "a run folder", {"cycle"});
  if (!map.count("vectors")) refuse_strangers(map, "--vectors", {"vector", "access"});
  if (!map.count("dump")) {
    refuse_strangers(map, "--dump",
                     {"va", "op", "mode", "ac", "implicit", "pkru", "pkrs", "cpu", "root", "levels", "set"});
  }
  const u64 any = std::numeric_limits<u64>::max();
  const auto require = [&](const char* option, const char* source) {
    if (!map.count(option)) throw UserError(std::string(source) + " needs --" + option);
  };
  if (map.count("run")) {
    refuse_strangers(map, "--vectors or --dump", {"dut"});
    require("cycle", "a run folder");
    o.cycle = number(map, "cycle", 0, any);
  } else if (map.count("vectors")) {
    require("vector", "--vectors");
    o.vector = number(map, "vector", 0, any);
    if (map.count("access")) o.access = static_cast<unsigned>(number(map, "access", 1, 1u << 30));
  } else {
    require("va", "--dump");
    o.request.va = hex_number(map, "va");
    o.request.op = parse_op(map["op"].as<std::string>());
    o.request.mode = parse_mode(map["mode"].as<std::string>());
    const bool fetch = o.request.op == arch::Op::fetch;
    o.request.ac = map.count("ac") != 0 && !fetch;
    o.request.implicit = map.count("implicit") != 0;
    if (o.request.implicit && fetch) throw UserError("--implicit is an access to data, not a fetch");
    o.pkru = static_cast<u32>(hex_number(map, "pkru", 0xffffffff));
    o.pkrs = static_cast<u32>(hex_number(map, "pkrs", 0xffffffff));
    if (map.count("cpu")) o.cpu = static_cast<unsigned>(number(map, "cpu", 0, 65535));
    if (map.count("root")) o.root = hex_number(map, "root");
    if (map.count("levels")) {
      const std::string& levels = map["levels"].as<std::string>();
      if (levels != "4" && levels != "5") throw UserError("--levels is 4 or 5, not " + in_quotes(levels));
      o.levels = levels == "5" ? 5 : 4;
    }
    if (map.count("set")) o.settings = map["set"].as<std::vector<std::string>>();
  }
  o.dut = map["dut"].as<std::string>();
  if (o.dut == "none") o.dut.clear();
  if (map["dut"].as<std::string>().empty()) throw UserError("--dut is empty; none means no DUT");
  o.json = map.count("json") != 0;
  return o;
}

}  // namespace kilburn::tb
