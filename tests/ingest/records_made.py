"""One record of each source of documents, with every part that a reader looks at."""

from __future__ import annotations

from typing import Any

STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": "NCT01234567",
            "nctIdAliases": ["NCT00000001"],
            "orgStudyIdInfo": {"id": "ORG-1"},
            "secondaryIdInfos": [{"id": "2020-1", "type": "EUDRACT_NUMBER"}, {"id": "ORG-1"}],
            "briefTitle": "Tiragolumab + β-blocker <script>alert(1)</script>",
        },
        "statusModule": {
            "overallStatus": "TERMINATED",
            "whyStopped": "slow accrual",
            "startDateStruct": {"date": "2020-05", "type": "ACTUAL"},
            "completionDateStruct": {"date": "2023", "type": "ESTIMATED"},
            "studyFirstPostDateStruct": {"date": "2020-04-29", "type": "ESTIMATED"},
            "lastUpdatePostDateStruct": {"date": "2024-02-29", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {
            "leadSponsor": {"name": "Ünï Köln", "class": "OTHER"},
            "collaborators": [{"name": "B", "class": "INDUSTRY"}, {"name": "C"}],
        },
        "descriptionModule": {"briefSummary": "Short.", "detailedDescription": "Long.\n\n* point"},
        "conditionsModule": {"conditions": ["NSCLC"], "keywords": ["TIGIT"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE1", "PHASE2"],
            "enrollmentInfo": {"count": 0, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {
            "armGroups": [{"label": "A", "type": "EXPERIMENTAL", "interventionNames": ["Drug: T"]}],
            "interventions": [{"type": "DRUG", "name": "T", "otherNames": ["RG6058"]}],
        },
        "eligibilityModule": {"eligibilityCriteria": "Inclusion:\n≥ 18"},
        "contactsLocationsModule": {
            "locations": [{"country": "Spain"}, {"city": "?"}, {"country": "France"}, {"country": "Spain"}]
        },
        "referencesModule": {
            "references": [
                {"pmid": "11", "type": "BACKGROUND", "citation": "b"},
                {"pmid": "22", "type": "RESULT", "citation": "r"},
                {"pmid": "33", "type": "DERIVED", "citation": "d"},
                {"citation": "without a number"},
            ]
        },
    },
    "derivedSection": {
        "conditionBrowseModule": {
            "meshes": [{"id": "D002289", "term": "Carcinoma, Non-Small-Cell Lung"}],
            "ancestors": [{"id": "D008175", "term": "Lung Neoplasms"}],
        },
        "interventionBrowseModule": {"meshes": [{"id": "D1", "term": "T"}, {"id": "D1", "term": "T"}]},
    },
    "hasResults": False,
}
RESULT: dict[str, Any] = {
    "id": "38289242",
    "source": "MED",
    "pmid": "38289242",
    "pmcid": "PMC1",
    "doi": "10.1038/S41586-024-00001-1",
    "title": "TGF&#946; in the <i>tumour</i> stroma: p<0.05 &amp; more.",
    "authorString": "Doe J, García-López M.",
    "authorList": {
        "author": [
            {
                "fullName": "Doe J",
                "firstName": "Jane",
                "lastName": "Doe",
                "initials": "J",
                "authorAffiliationDetailsList": {
                    "authorAffiliation": [{"affiliation": "A, Spain."}, {"affiliation": "B."}]
                },
            },
            {"firstName": "María", "lastName": "García-López", "initials": "M", "affiliation": "C"},
            {"collectiveName": "The Group"},
        ]
    },
    "journalInfo": {
        "journal": {"title": "Nature", "medlineAbbreviation": "Nature"},
        "printPublicationDate": "2024-03-01",
        "yearOfPublication": 2024,
    },
    "pubYear": "2024",
    "abstractText": " Lead. <h4>Background</h4>CO<sub>2</sub> and x < y.<h4>Results: </h4>Good.<h4></h4>Bare. ",
    "language": "eng",
    "pubTypeList": {"pubType": ["Review", "Journal Article"]},
    "meshHeadingList": {
        "meshHeading": [
            {
                "majorTopic_YN": "Y",
                "descriptorName": "Neoplasms",
                "meshQualifierList": {"meshQualifier": [{"qualifierName": "genetics", "majorTopic_YN": "N"}]},
            },
            {"majorTopic_YN": "N", "descriptorName": "Humans"},
        ]
    },
    "keywordList": {"keyword": ["TIGIT"]},
    "chemicalList": {"chemical": [{"name": "TIGIT protein", "registryNumber": "0"}]},
    "commentCorrectionList": {
        "commentCorrection": [
            {"id": "PPR7", "source": "PPR", "type": "Preprint in", "reference": "bioRxiv."},
            {"source": "MED", "type": "Erratum in", "reference": "Nature. 2024."},
            {"note": "without a type"},
        ]
    },
    "firstIndexDate": "2024-01-30",
    "dateOfRevision": "2024-05-02",
    "electronicPublicationDate": "2024-01-29",
    "firstPublicationDate": "2024-01-29",
}
ENTRY: dict[str, Any] = {
    "doi": "10.1101/2024.12.31.630767",
    "title": "Persistent methylation in glioma",
    "authors": "Gomez Cuautle, D. D.; Rossi, Ana Rosa; The Consortium",
    "author_corresponding": "Ana Rosa Rossi",
    "author_corresponding_institution": "CONICET",
    "date": "2025-01-01",
    "version": "1",
    "type": "new results",
    "license": "cc_no",
    "category": "cancer biology",
    "jatsxml": "https://www.biorxiv.org/content/early/2025/01/01/2024.12.31.630767.source.xml",
    "abstract": "Glioma is =HYPERLINK(1) \u202e.",
    "funder": "NA",
    "published": "NA",
    "server": "bioRxiv",
}
