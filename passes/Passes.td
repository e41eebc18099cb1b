//===- Passes.td - from a page's mathematics to kernels -*- tablegen -*-===//

#ifndef HEDDLE_PASSES_TD
#define HEDDLE_PASSES_TD

include "mlir/Pass/PassBase.td"

/// A pass over a page's module that can say what it did not do, and why.
class Heddle_Pass<string name, list<Option> own = []> : Pass<name, "::mlir::ModuleOp"> {
  let options = [Option<"explain", "explain", "bool", "false",
                        "remark on each match refused, with the reason">] # own;
  let dependentDialects = ["::heddle::HeddleDialect", "::mlir::arith::ArithDialect"];
}

//===- the mathematics ----------------------------------------------------------------------------------===//

def HoistMemory : Heddle_Pass<"hoist-memory"> {
  let summary = "compute once, beside the encoder, what layers compute from its memory alone";
  let description = [{
    Where an entry has an input that another entry has as an output (an encoder's memory), products in its layers
    that depend on weights and on this input alone (the keys and values of cross attention) move into a layer
    `@LAYER.memory`, which the other entry invokes for each layer's number. Its results are more outputs of that
    entry and inputs of the first, named `MEMORY.KIND.NUMBER.PLACE`.

    Expects entries and layers of the variant `any`, on the plain mathematics.
  }];
  let statistics = [Statistic<"numHoisted", "hoisted", "values of layers that became arguments">];
}

def SpecializeVariants : Heddle_Pass<"specialize-variants"> {
  let summary = "compile each entry for a whole text, for its last token, and for one token more";
  let description = [{
    An entry with an output along T becomes three: `@NAME.all` (every token's outputs and the taps),
    `@NAME.last` (the last token's outputs: its row is looked up as early as the mathematics allows, right
    after the last layer), and `@NAME.decode` (T is 1). Their layers are cloned as `@LAYER.prefill` and
    `@LAYER.decode`, the latter without taps. An entry whose outputs have no T, or that keeps nothing, so that a token alone would mean
    another text, has the variant `all` only.

    Expects entries and layers of the variant `any`, on the plain mathematics. Leaves none of these; arguments
    of layers and ops that nothing uses are gone.
  }];
  let statistics = [Statistic<"numEntries", "entries", "variants of entries made">,
                    Statistic<"numLookups", "lookups-raised", "ops before which the last row is taken">];
}

def ReturnCandidates : Heddle_Pass<"return-candidates"> {
  let summary = "return the greatest logits of one token more, and which they are";
  let description = [{
    An entry of the variant `decode` with an output `logits` gets two more, `logits.best` and `logits.where`: the `most`
    greatest in falling order, equal ones in the order of the vocabulary. Choosing a token then reads these few.

    Expects what specialize-variants leaves.
  }];
  let options = [Option<"most", "most", "int64_t", "64", "how many">];
}

def AbsorbProducts : Heddle_Pass<"absorb-products"> {
  let summary = "take a product of three factors, one a weight, in the order that costs least";
  let description = [{
    contract(x, contract(w, y)) with a weight w becomes contract(contract(x, w), y) or contract(w, contract(x, y)) where
    that needs fewer multiplications, T being 1 in decode, and T, S and U 4096 otherwise. In decode of latent attention,
    queries are multiplied with the weights of the keys, and what attention gives with those of the values: what is
    remembered is read as it is. A call of few tokens behind many is compiled like one of many.

    Expects the plain mathematics after specialize-variants. The inner product must have no other use.
  }];
  let statistics = [Statistic<"numAbsorbed", "absorbed", "products taken in another order">];
}

def FuseMaps : Heddle_Pass<"fuse-maps"> {
  let summary = "inline maps into the maps that use them";
  let description = [{
    A map used by one other map becomes part of it, unless that would compute something dear (a function of
    `math`, a division) again for each index of axes that it does not depend on. A cheap map of positions,
    indices and constants is inlined into every map that uses it.
  }];
  let statistics = [Statistic<"numFused", "fused", "maps inlined">];
}

def PushSlices : Heddle_Pass<"push-slices"> {
  let summary = "take parts of what is small and early instead of what was computed";
  let description = [{
    A slice of a map becomes a map of slices, a slice of a contraction a contraction of slices, when nothing
    but slices uses the whole; a slice of a concat that lies in one part becomes that part. So do regroups of
    axes in front of a slice. A slice (or regroup) of a weight stays: the packer resolves it. Rotary embedding
    is then two contractions, two maps, one concat.
  }];
  let statistics = [Statistic<"numPushed", "pushed", "slices and regroups moved to the inputs of an op">];
}

def HoistLayerInvariants : Heddle_Pass<"hoist-layer-invariants"> {
  let summary = "compute once in the entry what all layers would compute from positions and constants";
  let description = [{
    A value of a layer that depends on positions, indices, constants, sizes, or arguments that every
    invocation gets from such, and that is dear (contains a function of `math`), moves in front of the
    invocations and becomes an argument of the layer; equal ones are computed once. What spans two of T, S and
    U is left alone: it would be as large as the scores.
  }];
  let statistics = [Statistic<"numHoisted", "hoisted", "values of layers that became arguments">];
}

//===- fusion -------------------------------------------------------------------------------------------===//

def FuseAttention : Heddle_Pass<"fuse-attention"> {
  let summary = "softmax of a function of scores, times the values, becomes heddle.attention";
  let description = [{
    Finds contract(softmax(z), v) over the softmax's axis where z is a product of queries and keys, or a
    function of several such products and of anything else with axes among the scores'. The function becomes
    the attention's region. The scores must have no other use.
  }];
  let statistics = [Statistic<"numFused", "fused", "attentions found">];
}

def BoundKeys : Heddle_Pass<"bound-keys"> {
  let summary = "derive from the mask which keys an attention must visit";
  let description = [{
    Reads an attention's region and proves an interval of key position minus query position outside of which
    the score is minus infinity, from affine comparisons of positions, also with `//`, nested by and, or, not
    and select. Sets `visits_from` and `visits_to`; a mask it does not understand bounds nothing.
  }];
  let statistics = [Statistic<"numBounded", "bounded", "attentions with a bound">];
}

def BoundCaches : Heddle_Pass<"bound-caches"> {
  let summary = "keep a window of the sequence where nothing looks back further";
  let description = [{
    A cache that only attentions with `visits_from` read, in all functions that share it, becomes a ring: its keeps get
    `ring`, the positions that it has room for (the window, and the most tokens of a call), and `window`.
  }];
  let statistics = [Statistic<"numRings", "rings", "caches that became rings">];
}

def FuseLinear : Heddle_Pass<"fuse-linear"> {
  let summary = "weights times a token's vector, and the maps that follow, become heddle.linear";
  let description = [{
    Each contraction of a weight (or a view of one) with a vector for each token becomes a heddle.linear.
    Those that share the vector and the rows and meet in maps (gate and up, the halves of a rotary pair) share
    one, and the maps become its epilogue. The prologue only hands the vector on: fold-norms fills it.
    A weight looked up along one axis by run-time numbers (a token's experts) is chosen by the linear.
  }];
  let statistics = [Statistic<"numLinears", "linears", "linears made">,
                    Statistic<"numWeights", "weights", "weights in them">,
                    Statistic<"numMaps", "maps", "maps folded into epilogues">];
}

def FoldNorms : Heddle_Pass<"fold-norms", [
    Option<"prologues", "prologues", "bool", "true", "fold into the linears that read the result">]> {
  let summary = "fold what is computed token by token into linears, the rest into heddle.rowwise";
  let description = [{
    A chain of maps, reductions and regroupings of one token's numbers whose result only linears use becomes
    the prologue of each of them. Other chains that hold a reduction become one heddle.rowwise. Without `prologues` all do:
    for targets whose linears read activations from where they lie.
  }];
  let statistics = [Statistic<"numPrologues", "prologues", "prologues folded">,
                    Statistic<"numRowwise", "rowwise", "rowwise ops made">];
}

#endif
