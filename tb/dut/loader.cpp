// SPDX-License-Identifier: Apache-2.0
//
// Loading of DUT libraries.
#include "tb/dut/loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "tb/dut/models/models.h"
#include "tb/dut/models/wild_dut.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace {

constexpr std::string_view kPrefix = "kilburn_dut_";
constexpr std::string_view kSuffix = ".so";

std::string expected_sizes_message(const kilburn_dut_api& api) {
  auto size = [](const char* what, arch::u32 theirs, std::size_t ours) {
    return theirs == ours ? std::string()
                          : std::string(" ") + what + " has " + std::to_string(theirs) + " bytes, not " +
                                std::to_string(ours) + ";";
  };
  return size("kilburn_dut_api", api.api_size, sizeof(kilburn_dut_api)) +
         size("kilburn_dut_in", api.in_size, sizeof(kilburn_dut_in)) +
         size("kilburn_dut_out", api.out_size, sizeof(kilburn_dut_out)) +
         size("kilburn_tlb_entry", api.entry_size, sizeof(kilburn_tlb_entry)) +
         size("kilburn_dut_config", api.config_size, sizeof(kilburn_dut_config));
}

std::filesystem::path find(const std::string& name_or_path, arch::Format format) {
  const bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(kSuffix);
  std::error_code ec;
  if (is_path) {
    if (!std::filesystem::exists(name_or_path, ec)) throw UserError("DUT library " + name_or_path + " does not exist");
    return std::filesystem::absolute(name_or_path);
  }
  const auto path = dut_folder() / (std::string(kPrefix) + name_or_path + "-" + std::string(arch::name(format)) +
                                    std::string(kSuffix));
  if (std::filesystem::exists(path, ec)) return path;
  std::string known;
  for (const auto& dut : installed_duts()) {
    if (dut.format == format) known += (known.empty() ? "" : ", ") + dut.name;
  }
  throw UserError("there is no DUT \"" + name_or_path + "\" for format " + std::string(arch::name(format)) +
                  (known.empty() ? " (none is built in " + dut_folder().string() + ")" : "; there are: " + known));
}

}  // namespace

std::filesystem::path dut_folder() {
  if (const char* folder = std::getenv("KILBURN_DUTS")) return folder;
  std::error_code ec;
  return std::filesystem::read_symlink("/proc/self/exe", ec).parent_path() / "duts";
}

std::vector<DutName> installed_duts() {
  std::vector<DutName> found;
  std::error_code ec;
  for (const auto& file : std::filesystem::directory_iterator(dut_folder(), ec)) {
    std::string stem = file.path().filename().string();
    if (!stem.starts_with(kPrefix) || !stem.ends_with(kSuffix)) continue;
    stem = stem.substr(kPrefix.size(), stem.size() - kPrefix.size() - kSuffix.size());
    // The longest format name that ends the stem: "alpha-x64" before "alpha".
    for (auto format : {arch::Format::alpha_x64, arch::Format::x86_64, arch::Format::alpha}) {
      const std::string tail = "-" + std::string(arch::name(format));
      if (stem.size() > tail.size() && stem.ends_with(tail)) {
        found.push_back({stem.substr(0, stem.size() - tail.size()), format, file.path()});
        break;
      }
    }
  }
  std::sort(found.begin(), found.end(),
            [](const DutName& a, const DutName& b) { return std::tie(a.name, a.format) < std::tie(b.name, b.format); });
  return found;
}

DutLibrary DutLibrary::load(const std::string& name_or_path, arch::Format format) {
  if (name_or_path == "arch") return DutLibrary(&arch_dut(format), name_or_path);
  if (name_or_path == "tlm") return DutLibrary(&tlm_dut(format), name_or_path);
  if (const kilburn_dut_api* wild = wild_dut(name_or_path, format)) return DutLibrary(wild, name_or_path);
  const auto path = find(name_or_path, format);
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw UserError("DUT library " + path.string() + " cannot be loaded: " + dlerror());
  const auto entry = reinterpret_cast<kilburn_dut_entry>(dlsym(handle, "kilburn_dut"));
  if (!entry) throw UserError("DUT library " + path.string() + " does not export kilburn_dut()");
  const kilburn_dut_api* api = entry();
  if (!api || api->magic != KILBURN_DUT_MAGIC) {
    throw UserError("DUT library " + path.string() + " is not a Kilburn DUT: its magic number is wrong");
  }
  if (api->abi != KILBURN_DUT_ABI) {
    throw UserError("DUT library " + path.string() + " has contract version " + std::to_string(api->abi) +
                    "; this kilburn needs version " + std::to_string(KILBURN_DUT_ABI));
  }
  if (const auto wrong = expected_sizes_message(*api); !wrong.empty()) {
    throw UserError("DUT library " + path.string() + " was built against another dut.h:" + wrong + " build it again");
  }
  if (api->config.format != static_cast<arch::u32>(format)) {
    throw UserError("DUT library " + path.string() + " is built for another page-table format than " +
                    std::string(arch::name(format)));
  }
  if (!api->create || !api->destroy || !api->reset || !api->clock || !api->name) {
    throw UserError("DUT library " + path.string() + " leaves a required function of the contract empty");
  }
  return DutLibrary(api, path);
}

Dut::Dut(const DutLibrary& library, arch::u64 seed) : api_(library.api()), self_(api_.create(seed)) {
  if (!self_) throw EnvironmentError("DUT " + std::string(api_.name) + " could not be created: no memory");
}

Dut::~Dut() {
  close_waves();
  api_.destroy(self_);
}

void Dut::open_waves(const std::filesystem::path& path) {
  if (!api_.waves_open || !api_.waves_close) {
    throw UserError("DUT " + std::string(api_.name) + " cannot write waves");
  }
  if (api_.waves_open(self_, path.c_str()) != 0) {
    throw EnvironmentError("the wave file " + path.string() + " cannot be written");
  }
  waves_ = true;
}

void Dut::close_waves() noexcept {
  if (waves_) api_.waves_close(self_);
  waves_ = false;
}

void Dut::select_bug(const std::string& id) {
  if (!api_.set_bug) {
    if (id.empty()) return;
    throw UserError("DUT " + std::string(api_.name) + " has no seeded bugs");
  }
  if (api_.set_bug(self_, id.c_str()) != 0) {
    throw UserError("DUT " + std::string(api_.name) + " has no seeded bug \"" + id + "\"");
  }
}

}  // namespace kilburn::tb
