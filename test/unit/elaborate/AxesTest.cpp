#include "frontend/elaborate/Axes.h"
#include <gtest/gtest.h>

using namespace heddle::elaboration;

namespace {

TEST(Axes, OneNameHasOneSizeOnAPage) {
  AxisTable table;
  EXPECT_TRUE(table.declare("d", 64, nullptr));
  EXPECT_TRUE(table.declare("d", 64, nullptr));
  EXPECT_FALSE(table.declare("d", 65, nullptr));
}

TEST(Axes, LocalAxesAreOthersThanThePages) {
  AxisTable table;
  int owner = 0, other = 0;
  table.declare("two", 2, nullptr);
  EXPECT_EQ(table.declare("two", 2, &owner)->name, "two.1");
  EXPECT_EQ(table.declare("two", 2, &owner)->name, "two.1");
  EXPECT_EQ(table.declare("two", 2, &other)->name, "two.2");
}

TEST(Axes, PartsMustDivide) {
  AxisTable table;
  NamedAxis hd = *table.declare("hd", 64, nullptr);
  EXPECT_EQ(table.divide(hd, 2)->name, "hd/2");
  EXPECT_EQ(table.divide(hd, 2)->size, 32);
  EXPECT_FALSE(table.divide(hd, 3));
  EXPECT_FALSE(table.divide(*table.find("T"), 2));
}

TEST(Axes, TypesListThemInThePagesOrder) {
  AxisTable table;
  table.setOrder({"d", "kv", "hd"});
  NamedAxis hd = *table.declare("hd", 4, nullptr), half = *table.divide(hd, 2), d = *table.declare("d", 8, nullptr);
  AxisList axes{half, hd, d, *table.find("S"), *table.find("T")};
  table.sort(axes);
  EXPECT_EQ(toText(axes), "[T, S, d=8, hd=4, hd/2=2]");
}

} // namespace
