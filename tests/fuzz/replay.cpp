// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target without libFuzzer: on every file of a folder, on prefixes of the small ones, and on random
// mutations of them.
//   replay_<reader> FOLDER [MUTATIONS [SEED]]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tb/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using kilburn::tb::Random;

constexpr std::size_t kSmall = 4096;

void run(const Input& input) {
  // A copy of exactly this size on the heap, so that a sanitizer sees reads beyond it.
  const Input exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Input mutated(const std::vector<Input>& corpus, Random& random) {
  Input input = corpus[random.below(corpus.size())];
  for (auto changes = random.between(1, 6); changes != 0 && !input.empty(); --changes) {
    const std::size_t at = random.below(input.size());
    const std::size_t length = std::min<std::size_t>(random.between(1, 16), input.size() - at);
    const auto from = input.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = from + static_cast<std::ptrdiff_t>(length);
    switch (random.below(6)) {
      case 0:
        input[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
        break;
      case 1:
        input[at] = static_cast<std::uint8_t>(random.word());
        break;
      case 2:
        input.erase(from, to);
        break;
      case 3: {
        const Input piece(from, to);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(random.below(input.size() + 1)), piece.begin(),
                     piece.end());
        break;
      }
      case 4:
        std::fill(from, to, static_cast<std::uint8_t>(random.one_in(2) ? 0xff : 0));
        break;
      default: {  // the rest of another input
        const Input& other = corpus[random.below(corpus.size())];
        input.resize(at);
        if (!other.empty()) {
          input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(random.below(other.size())),
                       other.end());
        }
      }
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [MUTATIONS [SEED]]\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(argv[1])) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  std::vector<Input> corpus;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s holds no input\n", argv[1]);
    return 2;
  }
  unsigned long runs = 0;
  for (const Input& input : corpus) {
    run(input);
    ++runs;
    for (std::size_t size = 0; input.size() <= kSmall && size < input.size(); size += 7, ++runs) {
      run(Input(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
  const unsigned long mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
  Random random(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1);
  for (unsigned long n = 0; n < mutations; ++n, ++runs) run(mutated(corpus, random));
  std::printf("%zu inputs, %lu runs\n", corpus.size(), runs);
  return 0;
}
