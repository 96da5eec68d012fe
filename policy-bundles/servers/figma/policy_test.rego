package figma_test

import data.figma
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("figma", tool, effect, args)

configured(change) := object.union(data.figma.config, change)

test_designs_are_read_and_saved if {
	ids(figma.allow) == {"FIGMA-101"} with input as call("get_figma_data", "read", {"fileKey": "a"})
	figma.deny == set() with input as call("get_figma_data", "read", {"fileKey": "a"})
	figma.obligations == set() with input as call("get_figma_data", "read", {"fileKey": "a"})
	ids(figma.allow) == {"FIGMA-102"} with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [{"nodeId": "1:2", "fileName": "button.png"}], "localPath": "images"})
	figma.deny == set() with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [{"nodeId": "1:2", "fileName": "button.png"}], "localPath": "images"})
	figma.obligations == set() with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [{"nodeId": "1:2", "fileName": "button.png"}], "localPath": "images"})
}

test_images_are_saved_in_their_place if {
	ids(figma.deny) == {"FIGMA-201"} with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [], "localPath": "/home/mia/.config"})
	ids(figma.deny) == {"FIGMA-201"} with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [], "localPath": "../x"})
	figma.deny == set() with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [], "localPath": "/home/mia/site/images"})
		with data.figma.config as configured({"folders": ["/home/mia/site"]})
	ids(figma.deny) == {"FIGMA-202"} with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [{"nodeId": "1:2", "fileName": "../../.bashrc"}], "localPath": "images"})
	ids(figma.deny) == {"FIGMA-202"} with input as call("download_figma_images", "write", {"fileKey": "a", "nodes": [{"nodeId": "1:2", "fileName": "a.sh"}], "localPath": "images"})
}

test_what_is_not_known_is_confirmed if {
	ids(figma.allow) == {"FIGMA-190"} with input as call("edit_design", "unknown", {})
	ids(figma.obligations) == {"FIGMA-390"} with input as call("edit_design", "unknown", {})
}
