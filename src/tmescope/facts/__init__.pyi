from tmescope.facts.genes import Gene as Gene
from tmescope.facts.genes import GeneTable as GeneTable
from tmescope.facts.genes import Resolution as Resolution
from tmescope.facts.genes import load_genes as load_genes
from tmescope.facts.loading import load_reference as load_reference
from tmescope.facts.own_sets import SignatureFile as SignatureFile
from tmescope.facts.own_sets import read_signature_file as read_signature_file
from tmescope.facts.own_sets import read_signatures as read_signatures
from tmescope.facts.signatures import Signature as Signature
from tmescope.facts.signatures import genes_sha256 as genes_sha256
from tmescope.facts.signatures import list_collections as list_collections
from tmescope.facts.signatures import list_signatures as list_signatures
from tmescope.facts.signatures import load_collection as load_collection
from tmescope.facts.signatures import load_signature as load_signature

__all__ = [
    "Gene",
    "GeneTable",
    "Resolution",
    "Signature",
    "SignatureFile",
    "genes_sha256",
    "list_collections",
    "list_signatures",
    "load_collection",
    "load_genes",
    "load_reference",
    "load_signature",
    "read_signature_file",
    "read_signatures",
]
