// return-candidates: beside the logits of one token more, the greatest of them, so that choosing a token need
// not read them all.
//
// Expects specialize-variants to have run. Of each entry of the variant `decode` with an output `logits`
// along T and one axis more, that is long, the greatest 64 become the further outputs `logits.best` and,
// which they are, `logits.where`.
#include "passes/Passes.h"
#include "passes/support/Axes.h"

namespace heddle {
#define GEN_PASS_DEF_RETURNCANDIDATES
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kLong = 1024;

class ReturnCandidates : public heddle::impl::ReturnCandidatesBase<ReturnCandidates> {
  using ReturnCandidatesBase::ReturnCandidatesBase;

  void runOnOperation() override {
    for (EntryOp entry : getOperation().getOps<EntryOp>())
      if (entry.getVariant() == Variant::Decode)
        extend(entry);
  }

  void extend(EntryOp entry) {
    auto returns = cast<ReturnOp>(entry.getBody().back().getTerminator());
    SmallVector<Attribute> names(entry.getOutputNames().getValue());
    auto found = llvm::find_if(names, [](Attribute name) { return cast<StringAttr>(name) == "logits"; });
    if (found == names.end() || returns.getNumOperands() != names.size())
      return;
    Value logits = returns.getOperand(found - names.begin());
    NamedTensorType type = typeOf(logits);
    if (type.rank() != 2 || !type.has("T") || type.getFormat() != Format::F32)
      return;
    StringRef axis = type.getNames()[type.getNames()[0].getValue() == "T" ? 1 : 0].getValue();
    if (type.size(axis) < kLong)
      return;
    OpBuilder builder(returns);
    StringRef to = "candidate";
    NamedTensorType best = renameAxis(type, axis, to, most);
    NamedTensorType where = best.withFormat(Format::I32);
    auto top = TopOp::create(builder, logits.getLoc(), best, where, logits, builder.getStringAttr(axis),
                             builder.getStringAttr(to));
    returns.getValuesMutable().append({top.getBest(), top.getWhere()});
    names.push_back(builder.getStringAttr("logits.best"));
    names.push_back(builder.getStringAttr("logits.where"));
    entry.setOutputNamesAttr(builder.getArrayAttr(names));
    entry.removeResAttrsAttr();
    entry.setFunctionTypeAttr(
        TypeAttr::get(FunctionType::get(&getContext(), entry.getArgumentTypes(), returns.getOperandTypes())));
  }
};

} // namespace
