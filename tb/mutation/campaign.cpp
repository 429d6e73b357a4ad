// SPDX-License-Identifier: Apache-2.0
//
// Which mutants, in which order, and what becomes of them.
#include "tb/mutation/campaign.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <sstream>

#include "tb/errors.h"
#include "tb/mutation/children.h"
#include "tb/mutation/legal_bugs.h"

namespace kilburn::mutation {
namespace json = boost::json;

namespace {

constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

// The formats in which `dut` is there.
std::vector<arch::Format> formats_of(const std::string& dut) {
  if (dut.starts_with("wild")) return {std::begin(kFormats), std::end(kFormats)};
  std::vector<arch::Format> formats;
  const bool path = dut.find('/') != std::string::npos || dut.ends_with(".so");
  for (const arch::Format format : kFormats) {
    try {
      if (path) tb::DutLibrary::load(dut, format);
    } catch (const tb::UserError&) {
      continue;
    }
    const auto installed = path ? std::vector<tb::DutName>{} : tb::installed_duts();
    const bool there = path || std::any_of(installed.begin(), installed.end(), [&](const tb::DutName& known) {
                         return known.name == dut && known.format == format;
                       });
    if (there) formats.push_back(format);
  }
  return formats;
}

const char* name(Judge judge) {
  return judge == Judge::admissible ? "admissible" : judge == Judge::protocol ? "protocol" : "exact";
}

Finding& of(Result& result, const std::string& judge) {
  return judge == "admissible" ? result.admissible : judge == "protocol" ? result.protocol : result.exact;
}

// A line of a child: what one judge found.
std::string to_line(Judge judge, const Finding& f) {
  return json::serialize(json::object{
      {"judge", name(judge)}, {"rule", f.rule}, {"message", f.message}, {"seed", f.seed}, {"responses", f.responses}});
}

void read_line(const std::string& line, Result& result) {
  const json::object o = json::parse(line).as_object();
  Finding& f = of(result, json::value_to<std::string>(o.at("judge")));
  f.rule = json::value_to<std::string>(o.at("rule"));
  f.message = json::value_to<std::string>(o.at("message"));
  f.seed = json::value_to<u64>(o.at("seed"));
  f.responses = json::value_to<u64>(o.at("responses"));
}

void decide(const Campaign& campaign, const Ended& ended, Result& result) {
  std::istringstream lines(ended.text);
  std::string line, last;
  while (std::getline(lines, line)) {
    if (line.starts_with("{"))
      read_line(line, result);
    else
      last = line;
  }
  if (ended.how != Ended::How::done) {
    result.verdict = Verdict::broken;
    result.remark = ended.how == Ended::How::hung      ? "hung"
                    : ended.how == Ended::How::crashed ? "crashed with signal " + std::to_string(ended.signal)
                                                       : last;
    return;
  }
  const bool rejected = campaign.judge == Judge::exact ? result.exact.found() : result.admissible.found();
  const auto legal = legal_reason(result.mutant.dut, result.mutant.id, result.mutant.format);
  const auto directed = directed_test(result.mutant.dut, result.mutant.id, result.mutant.format);
  if (campaign.judge == Judge::exact) {
    result.verdict = rejected ? Verdict::rejected : Verdict::escaped;
  } else if (legal) {
    result.verdict = rejected ? Verdict::false_alarm : Verdict::legal;
    result.remark = *legal;
  } else if (!rejected && directed) {
    result.verdict = Verdict::directed;
    result.remark = *directed;
  } else {
    result.verdict = rejected ? Verdict::rejected : Verdict::escaped;
  }
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::rejected:
      return "rejected";
    case Verdict::directed:
      return "directed";
    case Verdict::legal:
      return "legal";
    case Verdict::false_alarm:
      return "FALSE ALARM";
    case Verdict::escaped:
      return "ESCAPED";
    default:
      return "BROKEN";
  }
}

std::vector<Mutant> mutants_of(const Campaign& campaign) {
  std::vector<Mutant> mutants;
  std::vector<std::string> unknown = campaign.bugs;
  for (const std::string& dut : campaign.duts) {
    std::vector<arch::Format> formats = formats_of(dut);
    if (!campaign.formats.empty()) {
      std::erase_if(formats, [&](arch::Format f) {
        return std::find(campaign.formats.begin(), campaign.formats.end(), f) == campaign.formats.end();
      });
    }
    // Of the collection, the small MMU has not every format; anything else that is missing is told by load().
    if (formats.empty() && dut != "small-bugs") {
      tb::DutLibrary::load(dut, campaign.formats.empty() ? arch::Format::x86_64 : campaign.formats.front());
    }
    for (const arch::Format format : formats) {
      const auto library = tb::DutLibrary::load(dut, format);
      if (library.api().bugs == nullptr || *library.api().bugs == nullptr) {
        throw tb::UserError("DUT " + dut + " has no seeded bugs");
      }
      if (campaign.judge == Judge::exact && library.api().config.exact == 0) {
        if (campaign.duts.size() > 1) continue;
        throw tb::UserError("DUT " + dut + " does not claim cycle-exact behaviour, so --check exact does not apply");
      }
      for (Mutant& mutant : mutants_of(dut, library)) {
        if (!campaign.bugs.empty()) {
          if (std::find(campaign.bugs.begin(), campaign.bugs.end(), mutant.id) == campaign.bugs.end()) continue;
          std::erase(unknown, mutant.id);
        }
        mutants.push_back(std::move(mutant));
      }
    }
  }
  if (!unknown.empty()) {
    throw tb::UserError("there is no seeded bug \"" + unknown.front() + "\" in what was chosen; see kilburn list bugs");
  }
  if (mutants.empty()) throw tb::UserError("nothing chosen has a seeded bug");
  return mutants;
}

std::vector<Result> run(const Campaign& campaign, const std::vector<Mutant>& mutants,
                        const std::function<void(const Result&)>& done) {
  // Loaded here, so that the children share them.
  std::map<std::pair<std::string, arch::Format>, tb::DutLibrary> libraries;
  std::vector<Result> results;
  for (const Mutant& mutant : mutants) {
    const auto key = std::pair(mutant.dut, mutant.format);
    if (!libraries.contains(key)) libraries.emplace(key, tb::DutLibrary::load(mutant.dut, mutant.format));
    results.emplace_back();
    results.back().mutant = mutant;
    results.back().exact_applies = libraries.at(key).api().config.exact != 0;
  }
  in_children(
      mutants.size(), campaign.jobs, campaign.limit,
      [&](std::size_t n, const Tell& tell) {
        const Mutant& mutant = mutants[n];
        const tb::DutLibrary& library = libraries.at({mutant.dut, mutant.format});
        const Judge others[] = {Judge::admissible, Judge::protocol, Judge::exact};
        for (const Judge judge : others) {
          if (judge == Judge::exact && !results[n].exact_applies) continue;
          tell(to_line(judge, run_seeds(library, mutant, judge, campaign.effort)));
        }
      },
      [&](std::size_t n, const Ended& ended) {
        decide(campaign, ended, results[n]);
        if (done) done(results[n]);
      });
  return results;
}

bool passed(const std::vector<Result>& results) {
  return std::all_of(results.begin(), results.end(), [](const Result& result) {
    return result.verdict == Verdict::rejected || result.verdict == Verdict::directed ||
           result.verdict == Verdict::legal;
  });
}

}  // namespace kilburn::mutation
