// SPDX-License-Identifier: Apache-2.0
//
// What every subcommand does with its command line; what is wrong with it is a UserError.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

// The options of `kilburn COMMAND`. Names are given in full: what is a prefix today may be ambiguous tomorrow.
// `too_many` is said of positional arguments beyond `positional`, instead of the library's words.
boost::program_options::variables_map parse_command_line(
    const std::string& command, const std::vector<std::string>& arguments,
    const boost::program_options::options_description& known,
    const boost::program_options::positional_options_description& positional = {}, const std::string& too_many = "");

// The number that was given for `option`, which is of type std::string and present: whole, decimal, in a range.
arch::u64 number(const boost::program_options::variables_map& map, const std::string& option, arch::u64 low,
                 arch::u64 high);

// The same in hexadecimal, with or without 0x.
arch::u64 hex_number(const boost::program_options::variables_map& map, const std::string& option,
                     arch::u64 high = ~arch::u64{0});

// Two cycles "A:B"; nothing if `text` is not that.
std::optional<std::pair<arch::u64, arch::u64>> cycle_window(std::string_view text);

// The page-table format named by --format, which is present.
arch::Format format_option(const boost::program_options::variables_map& map);

}  // namespace kilburn::tb
