// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedAuthority} from "./FixedAuthority.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {IForkRights} from "./interfaces/IForkRights.sol";
import {IReceipts} from "./interfaces/IReceipts.sol";
import {Receipts} from "./Receipts.sol";

/// @title AssetRegistry
/// @notice Keeps what was published as it was published: content, passport, shares, dependencies and ancestors.
/// @dev Trusts TAKEDOWN to freeze, the one bound contract to tell who may fork, and nobody to change. Always true: shares
///      add up to 10000; an asset depends on, and descends from, earlier assets only; all versions of a series owe the
///      same ancestors, at most four of them and at most 4000 ten-thousandths together.
contract AssetRegistry is IAssetRegistry, FixedAuthority {
    uint256 private constant ALL_BPS = 10_000;
    uint256 private constant MOST_HOLDERS = 32;
    uint256 private constant MOST_DEPENDENCIES = 100;
    uint256 private constant MOST_ANCESTORS = 4;
    uint256 private constant MOST_ROYALTY_BPS = 4000;

    IReceipts public immutable override receipts;
    IForkRights public override forkRights;
    uint256 public override assetCount;
    mapping(uint256 assetId => Asset) private _assets;
    mapping(uint256 assetId => mapping(uint256 dependency => bool)) private _dependsOn;
    mapping(uint256 series => Ancestor[]) private _ancestors;

    constructor(address authority) FixedAuthority(authority) {
        receipts = new Receipts();
    }

    function register(Registration calldata registration) external override returns (uint256 assetId) {
        if (registration.series == 0) return _publish(registration, 0, 0, 0);
        _requireAuthor(registration.series);
        Asset storage first = _assets[registration.series];
        return _publish(registration, first.parentId, first.royaltyBps, first.depth);
    }

    function fork(uint256 licenseId, uint256 parentId, Registration calldata registration)
        external
        override
        returns (uint256 assetId)
    {
        if (registration.series != 0) revert ForkBeginsSeries(registration.series);
        _requireKnown(parentId);
        uint16 royaltyBps = _requireForkRight(licenseId, parentId);
        Ancestor[] storage earlier = _ancestors[_assets[parentId].series];
        uint256 depth = earlier.length + 1;
        if (depth > MOST_ANCESTORS) revert DepthExceeded(depth, MOST_ANCESTORS);
        uint256 owed = uint256(_assets[parentId].royaltyBps) + royaltyBps;
        if (owed > MOST_ROYALTY_BPS) revert RoyaltyStackTooHigh(owed, MOST_ROYALTY_BPS);

        assetId = _publish(registration, uint64(parentId), uint16(owed), uint8(depth));
        Ancestor[] storage ancestors = _ancestors[assetId];
        for (uint256 i = 0; i < depth - 1; i++) {
            ancestors.push(earlier[i]);
        }
        ancestors.push(Ancestor(uint64(parentId), royaltyBps));
        emit Forked(assetId, parentId, licenseId, ancestors);
    }

    function bindForkRights(IForkRights forkRights_) external override restricted {
        if (address(forkRights) != address(0)) revert ForkRightsAreBound(address(forkRights));
        forkRights = forkRights_;
        emit ForkRightsBound(address(forkRights_));
    }

    function setFrozen(uint256 assetId, bool frozen) external override restricted {
        _requireKnown(assetId);
        _assets[assetId].frozen = frozen;
        emit AssetFrozen(assetId, frozen);
    }

    function getAsset(uint256 assetId) external view override returns (Asset memory) {
        _requireKnown(assetId);
        return _assets[assetId];
    }

    function splitOf(uint256 assetId)
        external
        view
        override
        returns (uint64 series, uint16 poolBps, uint16 royaltyBps)
    {
        _requireKnown(assetId);
        Asset storage asset = _assets[assetId];
        return (asset.series, asset.poolBps, asset.royaltyBps);
    }

    function ancestorsOf(uint256 assetId) external view override returns (Ancestor[] memory) {
        _requireKnown(assetId);
        return _ancestors[_assets[assetId].series];
    }

    function statusOf(uint256 assetId) external view override returns (uint64 series, bool frozen) {
        Asset storage asset = _assets[assetId];
        return (asset.series, asset.frozen);
    }

    function authorOf(uint256 series) public view override returns (address) {
        Asset storage first = _assets[series];
        if (series == 0 || first.series != series) revert UnknownSeries(series);
        return first.author;
    }

    function mayPay(uint256 assetId, uint256 payee) external view override returns (bool) {
        return payee == assetId || _dependsOn[assetId][payee];
    }

    function _publish(Registration calldata registration, uint64 parentId, uint16 royaltyBps, uint8 depth)
        private
        returns (uint256 assetId)
    {
        if (registration.contentCommit == 0) revert EmptyCommit();
        if (registration.poolBps > ALL_BPS) revert PoolTooHigh(registration.poolBps, uint16(ALL_BPS));
        assetId = ++assetCount;
        uint256 series = registration.series == 0 ? assetId : registration.series;
        _assets[assetId] = Asset({
            author: msg.sender,
            series: uint64(series),
            poolBps: registration.poolBps,
            kind: registration.kind,
            frozen: false,
            createdAt: uint64(block.timestamp),
            parentId: parentId,
            royaltyBps: royaltyBps,
            depth: depth,
            contentCommit: registration.contentCommit,
            passportHash: registration.passportHash
        });
        _declare(assetId, registration.dependencies);
        emit AssetRegistered(
            assetId,
            series,
            msg.sender,
            registration.kind,
            registration.contentCommit,
            registration.passportHash,
            registration.poolBps,
            registration.dependencies,
            registration.uri
        );
        _mintReceipts(assetId, registration.shares);
    }

    function _declare(uint256 assetId, uint256[] calldata dependencies) private {
        if (dependencies.length > MOST_DEPENDENCIES) {
            revert TooManyDependencies(dependencies.length, MOST_DEPENDENCIES);
        }
        for (uint256 i = 0; i < dependencies.length; i++) {
            if (dependencies[i] == 0 || dependencies[i] >= assetId) revert UnknownAsset(dependencies[i]);
            _dependsOn[assetId][dependencies[i]] = true;
        }
    }

    function _mintReceipts(uint256 assetId, Share[] calldata shares) private {
        if (shares.length > MOST_HOLDERS) revert TooManyHolders(shares.length, MOST_HOLDERS);
        uint256 sum = 0;
        for (uint256 i = 0; i < shares.length; i++) {
            if (shares[i].shareBps == 0) revert EmptyShare(i);
            sum += shares[i].shareBps;
        }
        if (sum != ALL_BPS) revert SharesNot10000(sum);
        for (uint256 i = 0; i < shares.length; i++) {
            receipts.mint(assetId, shares[i].holder, shares[i].shareBps, shares[i].role);
        }
    }

    function _requireKnown(uint256 assetId) private view {
        if (assetId == 0 || assetId > assetCount) revert UnknownAsset(assetId);
    }

    function _requireForkRight(uint256 licenseId, uint256 parentId) private view returns (uint16 royaltyBps) {
        bool allowed = address(forkRights) != address(0);
        if (allowed) (allowed, royaltyBps) = forkRights.forkRight(licenseId, msg.sender, parentId);
        if (!allowed) revert ForkNotLicensed(licenseId, parentId, msg.sender);
    }

    function _requireAuthor(uint256 series) private view {
        address author = authorOf(series);
        if (msg.sender != author) revert NotAuthor(series, author, msg.sender);
    }
}
