// SPDX-License-Identifier: Apache-2.0
//
// Signatures and buckets.
#include "tb/regress/triage.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>

namespace kilburn::regress {
namespace {

bool word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool is_number(const std::string& word) {
  const bool prefixed = word.starts_with("0x");
  const std::string digits = prefixed ? word.substr(2) : word;
  const bool decimal =
      std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  const bool hexadecimal = std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c); });
  // Bare hexadecimal as traces print it has a digit and four characters or more; "PML4" and "T61" are names.
  const bool has_digit = std::any_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); });
  return !digits.empty() && (decimal || (hexadecimal && (prefixed || (digits.size() >= 4 && has_digit))));
}

std::string without_paths(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find_first_of(" \t\"'", at);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(at, end - at);
    const auto slash = word.rfind('/');
    out += slash != std::string::npos && slash > 0 ? "PATH" + word.substr(std::min(word.find(':', slash), word.size()))
                                                   : word;
    if (end < text.size()) out += text[end++];
    at = end;
  }
  return out;
}

std::string without_numbers(const std::string& text) {
  std::string out, word;
  const auto flush = [&] {
    out += is_number(word) ? "N" : word;
    word.clear();
  };
  const auto is_digit = [&](std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    // The point of "0.5" belongs to the number.
    const bool point = text[at] == '.' && at > 0 && is_digit(at - 1) && is_digit(at + 1);
    if (point || word_character(text[at])) {
      word += text[at];
      continue;
    }
    flush();
    out += text[at];
  }
  flush();
  return out;
}

}  // namespace

std::string signature(const Outcome& o) {
  std::string text = name(o.verdict);
  if (!o.check.empty()) text += ", " + o.check;
  return text + ": " + without_numbers(without_paths(o.message));
}

std::vector<Bucket> triage(const Results& results) {
  std::map<std::string, Bucket> buckets;
  for (std::size_t job = 0; job < results.runs.size(); ++job) {
    const auto& run = results.runs[job];
    if (!run || run->verdict == RunVerdict::passed) continue;
    const std::string text = signature(*run);
    auto& bucket = buckets[text];
    bucket.signature = text;
    bucket.jobs.push_back(job);
  }
  const auto size = [&](std::size_t job) {
    const u64 cycle = results.runs[job]->cycle;
    return cycle != 0 ? cycle : std::numeric_limits<u64>::max();
  };
  std::vector<Bucket> all;
  for (auto& [text, bucket] : buckets) {
    std::stable_sort(bucket.jobs.begin(), bucket.jobs.end(),
                     [&](std::size_t a, std::size_t b) { return size(a) < size(b); });
    all.push_back(std::move(bucket));
  }
  std::sort(all.begin(), all.end(), [](const Bucket& a, const Bucket& b) {
    if (a.jobs.size() != b.jobs.size()) return a.jobs.size() > b.jobs.size();
    return *std::min_element(a.jobs.begin(), a.jobs.end()) < *std::min_element(b.jobs.begin(), b.jobs.end());
  });
  return all;
}

std::vector<std::size_t> to_repeat(const Results& results, std::size_t most) {
  std::vector<std::size_t> jobs;
  for (const Bucket& bucket : triage(results)) {
    const RunVerdict verdict = results.runs[bucket.jobs.front()]->verdict;
    if (verdict == RunVerdict::bad_input || verdict == RunVerdict::environment) continue;  // no matter of the DUT
    for (std::size_t n = 0; n < std::min(most, bucket.jobs.size()); ++n) jobs.push_back(bucket.jobs[n]);
  }
  return jobs;
}

}  // namespace kilburn::regress
