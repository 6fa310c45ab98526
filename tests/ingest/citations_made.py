"""PubMed citations of our own, element by element as the document type orders them."""

from __future__ import annotations

from pathlib import Path

from tmescope.ingest.pubmed import read_pubmed
from tmescope.store.lake_schemas import document_schema

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
NEW_TYPE = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle" "http://example.org/pubmed.dtd">\n'

FULL = """<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="2">101</PMID>
<DateCompleted><Year>2020</Year><Month>02</Month><Day>03</Day></DateCompleted>
<DateRevised><Year>2021</Year><Month>Mar</Month><Day>9</Day></DateRevised>
<Article PubModel="Print"><Journal><JournalIssue><PubDate><MedlineDate>2019 Dec-2020 Jan</MedlineDate></PubDate>
</JournalIssue><Title>Journal of Made Things</Title><ISOAbbreviation>J Made</ISOAbbreviation></Journal>
<ArticleTitle>Of <i>TIGIT</i> &amp; CD8<sup>+</sup>\n   cells.</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>
<ELocationID EIdType="doi" ValidYN="Y">10.1000/ABC.1</ELocationID>
<Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">To see p<sub>i</sub> &lt; 1.</AbstractText>
<AbstractText Label="UNLABELLED">And <b>more</b>: <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">
 <mml:mi>V</mml:mi>
 <mml:mo>+</mml:mo> </mml:math> done.</AbstractText><AbstractText Label="EMPTY"/></Abstract>
<AuthorList><Author ValidYN="Y"><LastName>Müller-Ost</LastName><ForeName>Ana B</ForeName><Initials>AB</Initials>
<AffiliationInfo><Affiliation>One, Here.</Affiliation></AffiliationInfo>
<AffiliationInfo><Affiliation>Two,\n There.</Affiliation></AffiliationInfo></Author>
<Author ValidYN="N"><LastName>Muller</LastName></Author>
<Author><CollectiveName>The Made Group</CollectiveName></Author></AuthorList>
<Language>eng</Language><Language>ger</Language>
<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>
<AccessionNumber>NCT00000001</AccessionNumber></AccessionNumberList></DataBank></DataBankList>
<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
<PublicationType UI="D016454">Review</PublicationType></PublicationTypeList>
<VernacularTitle>Von Dingen.</VernacularTitle></Article>
<ChemicalList>
<Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI="D1">Antigens</NameOfSubstance></Chemical>
<Chemical><RegistryNumber>EC 1.1</RegistryNumber><NameOfSubstance UI="D2">Enzyme</NameOfSubstance></Chemical>
</ChemicalList>
<SupplMeshList><SupplMeshName Type="Disease" UI="C1">Rare thing</SupplMeshName></SupplMeshList>
<CommentsCorrectionsList>
<CommentsCorrections RefType="Cites"><RefSource>A. 2001</RefSource>
<PMID Version="1">7</PMID>
</CommentsCorrections>
<CommentsCorrections RefType="RetractionIn"><RefSource>B. 2022</RefSource><PMID Version="1">8</PMID>
</CommentsCorrections><CommentsCorrections RefType="ErratumIn"><RefSource>C. 2021</RefSource></CommentsCorrections>
</CommentsCorrectionsList>
<MeshHeadingList><MeshHeading><DescriptorName UI="D3" MajorTopicYN="N">Lung</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y">pathology</QualifierName></MeshHeading>
<MeshHeading><DescriptorName UI="D4" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>
<OtherAbstract Type="Publisher" Language="ger"><AbstractText>Anders.</AbstractText></OtherAbstract>
<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">immune <i>checkpoint</i></Keyword></KeywordList>
<InvestigatorList><Investigator><LastName>Nobody</LastName></Investigator></InvestigatorList></MedlineCitation>
<PubmedData><History><PubMedPubDate PubStatus="received"><Year>2018</Year><Month>1</Month><Day>1</Day></PubMedPubDate>
<PubMedPubDate PubStatus="entrez"><Year>2019</Year><Month>11</Month><Day>30</Day><Hour>6</Hour>
</PubMedPubDate></History>
<ArticleIdList><ArticleId IdType="pubmed">101</ArticleId><ArticleId IdType="pmc">PMC55</ArticleId></ArticleIdList>
<ReferenceList><Reference><Citation>X</Citation><ArticleIdList><ArticleId IdType="doi">10.1000/x</ArticleId>
<ArticleId IdType="pubmed">9</ArticleId></ArticleIdList></Reference><Reference><Citation>Y</Citation><ArticleIdList>
<ArticleId IdType="doi">https://doi.org/10.1000/Y</ArticleId></ArticleIdList></Reference>
<Reference><Citation>Z</Citation></Reference><Reference><ArticleIdList><ArticleId IdType="pubmed">7</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>"""


def article(pmid: int | str = 1, inside: str = "", *, title: str = "T") -> str:
    """Return one citation of the new document type; `inside` stands within its article."""
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>{title}</ArticleTitle>'
        f"{inside}</Article></MedlineCitation></PubmedArticle>"
    )


def citations(*records: str, root: str = "PubmedArticleSet", head: str = HEAD + NEW_TYPE) -> str:
    """Return a whole file."""
    return f"{head}<{root}>{''.join(records)}</{root}>\n"


def rows(path: Path) -> list[dict[str, object]]:
    """Return the documents of a PubMed file; each batch must have the columns of the lake."""
    batches = list(read_pubmed(path))
    assert all(b.documents.schema.equals(document_schema()) for b in batches)
    for batch in batches:
        batch.documents.validate(full=True)
    return [row for b in batches for row in b.documents.to_pylist()]
