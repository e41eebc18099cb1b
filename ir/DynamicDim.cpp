#include "ir/DynamicDim.h"

using namespace heddle;

std::optional<DynamicDim> heddle::parseDynamicDim(llvm::StringRef text) {
  DynamicDim dim{text.take_front()};
  if (dim.param.empty() || !llvm::StringRef("TSCU").contains(dim.param))
    return std::nullopt;
  if (text.size() == 1)
    return dim;
  dim.divided = text[1] == '/';
  if ((!dim.divided && text[1] != ':') || text.drop_front(2).getAsInteger(10, dim.factor) || dim.factor < 1)
    return std::nullopt;
  return dim;
}
