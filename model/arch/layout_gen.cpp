// SPDX-License-Identifier: Apache-2.0
//
// Prints what is generated from layout.def and rules.def: the RTL package, wave translation files, tables.
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace {

struct Set {  // a layout or a set of codes
  std::string_view id, prefix;
  unsigned bits;
  std::string_view doc;
};
struct Field {
  std::string_view layout, name;
  unsigned msb, lsb;
  std::string_view doc;
};
struct Value {
  std::string_view codes, name;
  std::uint32_t value;
  std::string_view doc;
};

constexpr Set kLayouts[] = {
#define KILBURN_LAYOUT(layout, prefix, bits, doc) {#layout, #prefix, bits, doc},
#include "model/arch/layout.def"
};
constexpr Field kFields[] = {
#define KILBURN_FIELD(layout, name, msb, lsb, doc) {#layout, #name, msb, lsb, doc},
#include "model/arch/layout.def"
};
constexpr Set kCodes[] = {
#define KILBURN_CODES(enumeration, prefix, bits, doc) {#enumeration, #prefix, bits, doc},
#include "model/arch/layout.def"
};
constexpr Value kValues[] = {
#define KILBURN_VALUE(enumeration, name, value, doc) {#enumeration, #name, value, doc},
#include "model/arch/layout.def"
};

struct Rule {
  std::string_view id, fault, when, source, traps;
};
constexpr Rule kRules[] = {
#define KILBURN_RULE(name, id, fault, when, source, traps) {id, fault, when, source, traps},
#include "model/arch/rules.def"
};

// SPDX line and the notice of origin, in the comment syntax of the target.
void print_head(std::ostream& out, std::string_view comment, std::string_view purpose, std::string_view options) {
  out << comment << " SPDX-License-Identifier: Apache-2.0\n"
      << comment << "\n"
      << comment << " " << purpose << "\n"
      << comment << " Generated from model/arch/layout.def by `kilburn_layout_gen " << options << "`: do not edit.\n";
}

void print_rtl(std::ostream& out) {
  print_head(out, "//", "The bit positions and codes of the MMU's interfaces and page-table entries.", "--rtl");
  out << "//\n"
         "// A field of one bit has its position as PREFIX_NAME, a wider one PREFIX_NAME_MSB and _LSB. A code has\n"
         "// the width of its port. Use as mmu_pkg::NAME.\n\n"
         "package mmu_pkg;\n"
         "  // One table serves every unit and format; no build uses all of it.\n"
         "  /* verilator lint_off UNUSEDPARAM */\n";
  for (const Set& layout : kLayouts) {
    out << "\n  // " << layout.doc << "\n";
    for (const Field& f : kFields) {
      if (f.layout != layout.id) continue;
      const auto line = [&](std::string_view suffix, unsigned bit) {
        std::ostringstream text;
        text << "  localparam int " << layout.prefix << '_' << f.name << suffix << " = " << bit << ';';
        out << std::left << std::setw(52) << text.str() << "// " << f.doc << "\n";
      };
      if (f.msb == f.lsb) {
        line("", f.lsb);
      } else {
        line("_MSB", f.msb);
        line("_LSB", f.lsb);
      }
    }
  }
  for (const Set& codes : kCodes) {
    out << "\n  // " << codes.doc << "\n";
    for (const Value& v : kValues) {
      if (v.codes != codes.id) continue;
      std::ostringstream text;
      text << "  localparam ";
      if (codes.bits == 32) {
        text << "int";
      } else if (codes.bits == 1) {
        text << "logic";
      } else {
        text << "logic [" << codes.bits - 1 << ":0]";
      }
      text << ' ' << codes.prefix << '_' << v.name << " = ";
      if (codes.bits != 32) text << codes.bits << "'d";
      text << v.value << ';';
      out << std::left << std::setw(52) << text.str() << "// " << v.doc << "\n";
    }
  }
  out << "\n  /* verilator lint_on UNUSEDPARAM */\n"
         "endpackage\n";
}

// GTKWave's translate-file form, one "<value in hex> <text>" a line. False: no such set of codes.
bool print_wave(std::ostream& out, std::string_view id) {
  for (const Set& codes : kCodes) {
    if (codes.id != id) continue;
    print_head(out, "#", codes.doc, "--wave " + std::string(id));
    const int digits = static_cast<int>((codes.bits + 3) / 4);
    for (const Value& v : kValues) {
      if (v.codes != id) continue;
      out << std::right << std::hex << std::setw(digits) << std::setfill('0') << v.value << std::dec
          << std::setfill(' ') << ' ' << v.name << "\n";
    }
    return true;
  }
  return false;
}

void print_tables(std::ostream& out) {
  out << "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
         "<!-- Generated from model/arch/layout.def by `kilburn_layout_gen --table`: do not edit. -->\n\n"
         "# Layouts and codes\n";
  for (const Set& layout : kLayouts) {
    out << "\n## " << layout.id << "\n\n"
        << layout.doc << ", " << layout.bits << " bits.\n\n"
        << "| bits | name | meaning |\n| --- | --- | --- |\n";
    for (const Field& f : kFields) {
      if (f.layout != layout.id) continue;
      out << "| " << f.msb;
      if (f.msb != f.lsb) out << ':' << f.lsb;
      out << " | " << f.name << " | " << f.doc << " |\n";
    }
  }
  for (const Set& codes : kCodes) {
    out << "\n## " << codes.id << "\n\n" << codes.doc << ".\n\n| code | name | meaning |\n| --- | --- | --- |\n";
    for (const Value& v : kValues) {
      if (v.codes == codes.id) out << "| " << v.value << " | " << v.name << " | " << v.doc << " |\n";
    }
  }
}

// The document `path` with the lines between its two marks replaced by the table of rules. False: the file or a mark
// is not there.
bool print_rules(std::ostream& out, const char* path) {
  constexpr std::string_view kBegin = "<!-- rules.def: generated by `kilburn_layout_gen --rules`, do not edit -->";
  constexpr std::string_view kEnd = "<!-- rules.def: end -->";
  std::ifstream in(path);
  bool inside = false, replaced = false;
  for (std::string line; std::getline(in, line);) {
    if (line == kEnd) inside = false;
    if (!inside) out << line << "\n";
    if (line != kBegin) continue;
    inside = replaced = true;
    out << "| id | fault | when | source | traps |\n| --- | --- | --- | --- | --- |\n";
    for (const Rule& rule : kRules) {
      out << "| `" << rule.id << "` | " << rule.fault << " | " << rule.when << " | " << rule.source << " | "
          << rule.traps << (rule.traps.empty() ? "|\n" : " |\n");
    }
  }
  return replaced && !inside;
}

int usage(std::ostream& out, int status) {
  out << "usage: kilburn_layout_gen --rtl | --table | --wave NAME | --rules FILE\n"
         "Prints rtl/mmu_pkg.sv, model/arch/layout.md or a waves/filters file from model/arch/layout.def,\n"
         "or the document FILE with its table of rules anew from model/arch/rules.def.\n"
         "NAME is one of:";
  for (const Set& codes : kCodes) out << ' ' << codes.id;
  out << "\n";
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  const std::string_view option = argc > 1 ? arguments[1] : "";
  if (option == "--help" && argc == 2) return usage(std::cout, 0);
  if (option == "--rtl" && argc == 2) {
    print_rtl(std::cout);
  } else if (option == "--table" && argc == 2) {
    print_tables(std::cout);
  } else if (option == "--rules" && argc == 3) {
    if (!print_rules(std::cout, arguments[2])) {
      std::cerr << arguments[2] << ": cannot be read, or has no marks of the table of rules\n";
      return 2;
    }
  } else if (option != "--wave" || argc != 3 || !print_wave(std::cout, arguments[2])) {
    return usage(std::cerr, 2);
  }
  return std::cout.flush() ? 0 : 3;
}
