// SPDX-License-Identifier: Apache-2.0
//
// The element names and attributes are those of the UCIS 1.0 interchange schema for covergroups. A cross is written
// with its bins by their places on the axes, each axis a coverpoint of the same covergroup.
#include <sstream>

#include "tb/coverage/markup.h"
#include "tb/coverage/report.h"

namespace kilburn::coverage {

namespace {

const char* type_of(Standing standing) {
  return standing == Standing::illegal ? "illegal" : standing == Standing::unreachable ? "ignore" : "bins";
}

constexpr const char* kSource = "<ucis:id file=\"1\" line=\"1\" inlineCount=\"1\"/>";

void point(std::ostringstream& out, const Merged& merged, const Item& item) {
  out << "    <ucis:coverpoint name=\"" << markup(item.axes.front().title) << "\" key=\"0\">"
      << "<ucis:options weight=\"1\" goal=\"100\" comment=\"" << markup(item.says) << "\" at_least=\"1\"/>\n";
  for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
    const u32 value = bin - item.offset;
    const Standing standing = Model::get().standing(bin);
    out << "      <ucis:coverpointBin name=\"" << markup(item.bin_text(bin)) << "\" key=\"" << value << "\" type=\""
        << type_of(standing) << "\""
        << " alias=\"" << markup(Model::get().reason(bin)) << "\"><ucis:range from=\"" << value << "\" to=\"" << value
        << "\"><ucis:contents coverageCount=\"" << merged.counts()[bin] << "\"/></ucis:range></ucis:coverpointBin>\n";
  }
  out << "    </ucis:coverpoint>\n";
}

void cross(std::ostringstream& out, const Merged& merged, const Item& item) {
  out << "    <ucis:cross name=\"" << markup(item.id) << "\" key=\"1\">"
      << "<ucis:options weight=\"1\" goal=\"100\" comment=\"" << markup(item.says) << "\" at_least=\"1\"/>\n";
  for (const AxisText& axis : item.axes) out << "      <ucis:crossExpr>" << markup(axis.title) << "</ucis:crossExpr>\n";
  for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
    out << "      <ucis:crossBin name=\"" << markup(item.bin_text(bin)) << "\" key=\"" << bin - item.offset
        << "\" type=\"" << type_of(Model::get().standing(bin)) << "\" alias=\"" << markup(Model::get().reason(bin))
        << "\">";
    std::vector<u32> places;
    u32 rest = bin - item.offset;
    for (std::size_t n = item.axes.size(); n-- > 0;) {
      const auto bins = static_cast<u32>(item.axes[n].bins.size());
      places.insert(places.begin(), rest % bins);
      rest /= bins;
    }
    for (const u32 place : places) out << "<ucis:index>" << place << "</ucis:index>";
    out << "<ucis:contents coverageCount=\"" << merged.counts()[bin] << "\"/></ucis:crossBin>\n";
  }
  out << "    </ucis:cross>\n";
}

}  // namespace

std::string ucis_report(const Merged& merged) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<ucis:UCIS xmlns:ucis=\"UCIS\" ucisVersion=\"1.0\" writtenBy=\"kilburn\" "
         "writtenTime=\"1970-01-01T00:00:00\">\n"
         "<ucis:sourceFiles fileName=\"tb/coverage/items.def\" id=\"1\"/>\n"
         "<ucis:historyNodes historyNodeId=\"0\" logicalName=\"merged\" kind=\"HistoryNodeType_Merge\" "
         "testStatus=\"true\" date=\"1970-01-01T00:00:00\" toolCategory=\"kilburn\" ucisVersion=\"1.0\" "
         "vendorId=\"kilburn\" vendorTool=\"kilburn\" vendorToolVersion=\"1\"/>\n"
         "<ucis:instanceCoverages name=\"mmu\" key=\"0\" moduleName=\"mmu\">"
      << kSource << "\n";
  for (const Item& item : Model::get().items()) {
    out << "  <ucis:covergroupCoverage><ucis:cgInstance name=\"" << markup(item.id)
        << "\" key=\"0\"><ucis:options comment=\"" << markup(item.says) << "\"/>"
        << "<ucis:cgId cgName=\"" << markup(item.id) << "\" moduleName=\"mmu\">"
        << "<ucis:cginstSourceId file=\"1\" line=\"1\" inlineCount=\"1\"/>"
        << "<ucis:cgSourceId file=\"1\" line=\"1\" inlineCount=\"1\"/></ucis:cgId>\n";
    item.is_point() ? point(out, merged, item) : cross(out, merged, item);
    out << "  </ucis:cgInstance></ucis:covergroupCoverage>\n";
  }
  out << "</ucis:instanceCoverages>\n</ucis:UCIS>\n";
  return out.str();
}

}  // namespace kilburn::coverage
